// Generated from derivations/kde_ce.py. Do not edit: change the derivation and run `make generate`.
// Compile with -DREAL=float or -DREAL=double.
// The largest finite number is where a maximum starts: were it -infinity, a row of nothing but -infinity would give -inf - -inf.
#define LOWEST (sizeof(REAL) == 4 ? REAL(-3.40282346638528859812e+38) : REAL(-1.79769313486231570815e+308))
#define INFINITE (REAL(sizeof(REAL) == 4 ? 3.0e+38f : 1.0e+308)*REAL(10))

// A loop of a thread that has a row of its own: the many arrays of several turns at once would not fit in registers.
#define ROLLED _Pragma("unroll 1")

__device__ inline REAL sign(REAL x) { return REAL((x > REAL(0)) - (x < REAL(0))); }
__device__ inline REAL maximum(REAL a, REAL b) { return a > b || a != a ? a : b; } // NaN if either is

// log(exp a + exp b); -infinity twice gives -infinity.
__device__ inline REAL log_add_exp(REAL a, REAL b)
{
    REAL high = maximum(a, b), low = a > b ? b : a;
    return low == high ? high + log(REAL(2)) : high + log1p(exp(low - high));
}

// x, rounded to the upper half of its digits.
__device__ inline REAL upper(REAL x)
{
    REAL wide = x*REAL(sizeof(REAL) == 4 ? 4097 : 134217729);
    return wide - (wide - x);
}

// x, rounded to a multiple of 2^-26, or of 2^-12 for float.
__device__ inline REAL coarse(REAL x)
{
    REAL grid = REAL(sizeof(REAL) == 4 ? 3072 : 100663296);
    return (x + grid) - grid;
}

// total += part; what rounding takes away is kept in `rest` and given back at the next turn.
__device__ inline void accumulate(REAL &total, REAL &rest, REAL part)
{
    REAL whole = part - rest, raised = total + whole;
    rest = raised - raised == REAL(0) ? (raised - total) - whole : REAL(0);
    total = raised;
}

// A block of terms xi = x + iy of a sum of xi - log(1 + xi): `product` is that of the factors 1 + xi, less 1, `first` the sum of the xi.
__device__ inline void multiply(REAL &product_x, REAL &product_y, REAL &first_x, REAL &first_y, REAL x, REAL y)
{
    REAL turned = x + (x*product_x - y*product_y);
    product_y += y + (x*product_y + y*product_x);
    product_x += turned;
    first_x += x;
    first_y += y;
}

// A block goes into the sum: one logarithm for all its terms.
__device__ inline void accumulate_group(REAL &sum_x, REAL &rest_x, REAL &sum_y, REAL &rest_y, REAL product_x, REAL product_y, REAL first_x, REAL first_y)
{
    accumulate(sum_x, rest_x, first_x - log1p(product_x*(REAL(2) + product_x) + product_y*product_y)/REAL(2));
    accumulate(sum_y, rest_y, first_y - atan2(product_y, REAL(1) + product_x));
}

struct Max { __device__ static REAL of(REAL a, REAL b) { return maximum(a, b); } };
struct Sum { __device__ static REAL of(REAL a, REAL b) { return a + b; } };

// Joins one value of each thread of the block; every thread gets the result. `lanes`: 32 numbers of shared memory.
template <class Op> __device__ REAL block_reduce(REAL value, REAL neutral, REAL *lanes)
{
    for (int step = 16; step > 0; step /= 2) value = Op::of(value, __shfl_xor_sync(0xffffffffu, value, step));
    if (threadIdx.x % 32 == 0) lanes[threadIdx.x / 32] = value;
    __syncthreads();
    value = threadIdx.x % 32 < blockDim.x / 32 ? lanes[threadIdx.x % 32] : neutral;
    for (int step = 16; step > 0; step /= 2) value = Op::of(value, __shfl_xor_sync(0xffffffffu, value, step));
    __syncthreads();                                    // the lanes are free again
    return value;
}

// Cross-entropy of bins on [a, b] against a kernel density estimate, laplace kernel.
//     {offset}_{r,j} = {a}_{r} - {x}_{r,j}
//     {width}_{r} = - {a}_{r} + {b}_{r}
//     {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}
//     {u}_{r,b,j} = \frac{{\delta}_{r,b,j}}{{h}_{r}}
//     {room}_{r,b,j} = \frac{- \left|{{\delta}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}
//     {\log K}_{r,b,j} = - \left|{{u}_{r,b,j}}\right|
//     {k'}_{r,b,j} = - \operatorname{sign}{\left({u}_{r,b,j} \right)}
//     {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}
//     {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}
//     {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}
//     {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}
//     {m}_{r,b} = {q}_{r,b} {s}_{r,b}
//     {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}
//     {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}
//     {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}
//     {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}
//     {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}
//     {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}
//     {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}
//     {\log p}_{r,b} = {\log p}_{r,b}
// One block per row (and stride over rows); a thread owns j = threadIdx.x, + blockDim.x, ...
// `scratch`: 8*J numbers a block.
extern "C" __global__ void laplace(
    const REAL *__restrict__ z, const REAL *__restrict__ points, const REAL *__restrict__ a, const REAL *__restrict__ b, const REAL *__restrict__ h, const REAL *__restrict__ position, const REAL *__restrict__ q, const REAL *__restrict__ log_floor, long long R, long long B, long long J, REAL *__restrict__ loss, REAL *__restrict__ grad_z, REAL *__restrict__ grad_points, REAL *__restrict__ grad_h, REAL *__restrict__ grad_a, REAL *__restrict__ grad_b, REAL *__restrict__ log_density, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    scratch += blockIdx.x*(8*J);
    REAL *weight = scratch; scratch += J;
    REAL *joint = scratch; scratch += J;
    REAL *responsibility = scratch; scratch += J;
    REAL *raw_grad_points = scratch; scratch += J;
    REAL *responsibility_rest = scratch; scratch += J;
    REAL *raw_grad_points_rest = scratch; scratch += J;
    REAL *responsibility_part = scratch; scratch += J;
    REAL *raw_grad_points_part = scratch; scratch += J;
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL width = b[row] - a[row];
        REAL inverse_h = REAL(1)/h[row];
        REAL top_z = LOWEST;
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            top_z = maximum(top_z, z[row*J + j]);
        }
        top_z = block_reduce<Max>(top_z, LOWEST, lanes);
        REAL total_weight = REAL(0);
        REAL total_weight_rest = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
            REAL total_weight_part = REAL(0);
            for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                REAL centred = z[row*J + j] - top_z;
                weight[j] = exp(centred);
                total_weight_part += weight[j];
            }
            accumulate(total_weight, total_weight_rest, total_weight_part);
        }
        total_weight = block_reduce<Sum>(total_weight, REAL(0), lanes);
        REAL log_total_weight = log(total_weight);
        REAL explained = REAL(0);
        REAL loss_value = REAL(0);
        REAL raw_grad_h = REAL(0);
        REAL raw_grad_a = REAL(0);
        REAL raw_grad_b = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            responsibility[j] = REAL(0);
            raw_grad_points[j] = REAL(0);
        }
        REAL explained_rest = REAL(0);
        REAL loss_value_rest = REAL(0);
        REAL raw_grad_h_rest = REAL(0);
        REAL raw_grad_a_rest = REAL(0);
        REAL raw_grad_b_rest = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            responsibility_rest[j] = REAL(0);
            raw_grad_points_rest[j] = REAL(0);
        }
        for (long long bin_0 = 0; bin_0 < B; bin_0 += 16) {
            REAL explained_part = REAL(0);
            REAL loss_value_part = REAL(0);
            REAL raw_grad_h_part = REAL(0);
            REAL raw_grad_a_part = REAL(0);
            REAL raw_grad_b_part = REAL(0);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                responsibility_part[j] = REAL(0);
                raw_grad_points_part[j] = REAL(0);
            }
            for (long long bin = bin_0; bin < B && bin < bin_0 + 16; bin += 1) {
                REAL top_joint = LOWEST;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    REAL centred = z[row*J + j] - top_z;
                    REAL offset = a[row] - points[row*J + j];
                    REAL delta = offset + position[row*B + bin]*width;
                    REAL u = delta*inverse_h;
                    REAL log_K = -fabs(u);
                    REAL log_joint = centred + log_K;
                    top_joint = maximum(top_joint, log_joint);
                }
                top_joint = block_reduce<Max>(top_joint, LOWEST, lanes);
                REAL total_joint = REAL(0);
                REAL raw_pull = REAL(0);
                REAL raw_stretch = REAL(0);
                REAL total_joint_rest = REAL(0);
                REAL raw_pull_rest = REAL(0);
                REAL raw_stretch_rest = REAL(0);
                for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
                    REAL total_joint_part = REAL(0);
                    REAL raw_pull_part = REAL(0);
                    REAL raw_stretch_part = REAL(0);
                    for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                        REAL centred = z[row*J + j] - top_z;
                        REAL offset = a[row] - points[row*J + j];
                        REAL delta = offset + position[row*B + bin]*width;
                        REAL u = delta*inverse_h;
                        REAL log_K = -fabs(u);
                        REAL log_joint = centred + log_K;
                        joint[j] = exp(log_joint - top_joint);
                        total_joint_part += joint[j];
                        REAL slope = -sign(u);
                        raw_pull_part += joint[j]*slope;
                        raw_stretch_part += joint[j]*slope*u;
                    }
                    accumulate(total_joint, total_joint_rest, total_joint_part);
                    accumulate(raw_pull, raw_pull_rest, raw_pull_part);
                    accumulate(raw_stretch, raw_stretch_rest, raw_stretch_part);
                }
                total_joint = block_reduce<Sum>(total_joint, REAL(0), lanes);
                raw_pull = block_reduce<Sum>(raw_pull, REAL(0), lanes);
                raw_stretch = block_reduce<Sum>(raw_stretch, REAL(0), lanes);
                REAL pull = raw_pull/maximum(REAL(1), total_joint);
                REAL stretch = raw_stretch/maximum(REAL(1), total_joint);
                REAL log_p = top_joint + log(total_joint) - log_total_weight;
                REAL log_q = log_add_exp(log_floor[row], log_p);
                REAL share = (log_p == -INFINITE ? REAL(0) : REAL(1)/(REAL(1) + exp(log_floor[row] - log_p)));
                REAL mass = q[row*B + bin]*share;
                explained_part += mass;
                REAL mass_over_total_joint = mass/maximum(REAL(1), total_joint);
                loss_value_part += (q[row*B + bin] == REAL(0) ? REAL(0) : -log_q*q[row*B + bin]);
                raw_grad_h_part += mass*stretch;
                raw_grad_a_part += mass*pull*(REAL(1) - position[row*B + bin]);
                raw_grad_b_part += mass*position[row*B + bin]*pull;
                if (threadIdx.x == 0) log_density[row*B + bin] = log_p;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    responsibility_part[j] += joint[j]*mass_over_total_joint;
                    REAL offset = a[row] - points[row*J + j];
                    REAL delta = offset + position[row*B + bin]*width;
                    REAL u = delta*inverse_h;
                    REAL slope = -sign(u);
                    raw_grad_points_part[j] += joint[j]*mass_over_total_joint*slope;
                }
            }
            accumulate(explained, explained_rest, explained_part);
            accumulate(loss_value, loss_value_rest, loss_value_part);
            accumulate(raw_grad_h, raw_grad_h_rest, raw_grad_h_part);
            accumulate(raw_grad_a, raw_grad_a_rest, raw_grad_a_part);
            accumulate(raw_grad_b, raw_grad_b_rest, raw_grad_b_part);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                accumulate(responsibility[j], responsibility_rest[j], responsibility_part[j]);
                accumulate(raw_grad_points[j], raw_grad_points_rest[j], raw_grad_points_part[j]);
            }
        }
        REAL explained_over_total_weight = explained/total_weight;
        if (threadIdx.x == 0) grad_h[row] = raw_grad_h/h[row];
        if (threadIdx.x == 0) grad_a[row] = -raw_grad_a/h[row];
        if (threadIdx.x == 0) grad_b[row] = -raw_grad_b/h[row];
        if (threadIdx.x == 0) loss[row] = loss_value;
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            grad_z[row*J + j] = explained_over_total_weight*weight[j] - responsibility[j];
            grad_points[row*J + j] = inverse_h*raw_grad_points[j];
        }
    }
}


// Cross-entropy of bins on [a, b] against a kernel density estimate, gaussian kernel.
//     {offset}_{r,j} = {a}_{r} - {x}_{r,j}
//     {width}_{r} = - {a}_{r} + {b}_{r}
//     {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}
//     {u}_{r,b,j} = \frac{{\delta}_{r,b,j}}{{h}_{r}}
//     {room}_{r,b,j} = \frac{- \left|{{\delta}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}
//     {\log K}_{r,b,j} = - \frac{{u}_{r,b,j}^{2}}{2}
//     {k'}_{r,b,j} = - {u}_{r,b,j}
//     {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}
//     {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}
//     {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}
//     {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}
//     {m}_{r,b} = {q}_{r,b} {s}_{r,b}
//     {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}
//     {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}
//     {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}
//     {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}
//     {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}
//     {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}
//     {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}
//     {\log p}_{r,b} = {\log p}_{r,b}
// One block per row (and stride over rows); a thread owns j = threadIdx.x, + blockDim.x, ...
// `scratch`: 8*J numbers a block.
extern "C" __global__ void gaussian(
    const REAL *__restrict__ z, const REAL *__restrict__ points, const REAL *__restrict__ a, const REAL *__restrict__ b, const REAL *__restrict__ h, const REAL *__restrict__ position, const REAL *__restrict__ q, const REAL *__restrict__ log_floor, long long R, long long B, long long J, REAL *__restrict__ loss, REAL *__restrict__ grad_z, REAL *__restrict__ grad_points, REAL *__restrict__ grad_h, REAL *__restrict__ grad_a, REAL *__restrict__ grad_b, REAL *__restrict__ log_density, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    scratch += blockIdx.x*(8*J);
    REAL *weight = scratch; scratch += J;
    REAL *joint = scratch; scratch += J;
    REAL *responsibility = scratch; scratch += J;
    REAL *raw_grad_points = scratch; scratch += J;
    REAL *responsibility_rest = scratch; scratch += J;
    REAL *raw_grad_points_rest = scratch; scratch += J;
    REAL *responsibility_part = scratch; scratch += J;
    REAL *raw_grad_points_part = scratch; scratch += J;
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL width = b[row] - a[row];
        REAL inverse_h = REAL(1)/h[row];
        REAL top_z = LOWEST;
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            top_z = maximum(top_z, z[row*J + j]);
        }
        top_z = block_reduce<Max>(top_z, LOWEST, lanes);
        REAL total_weight = REAL(0);
        REAL total_weight_rest = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
            REAL total_weight_part = REAL(0);
            for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                REAL centred = z[row*J + j] - top_z;
                weight[j] = exp(centred);
                total_weight_part += weight[j];
            }
            accumulate(total_weight, total_weight_rest, total_weight_part);
        }
        total_weight = block_reduce<Sum>(total_weight, REAL(0), lanes);
        REAL log_total_weight = log(total_weight);
        REAL explained = REAL(0);
        REAL loss_value = REAL(0);
        REAL raw_grad_h = REAL(0);
        REAL raw_grad_a = REAL(0);
        REAL raw_grad_b = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            responsibility[j] = REAL(0);
            raw_grad_points[j] = REAL(0);
        }
        REAL explained_rest = REAL(0);
        REAL loss_value_rest = REAL(0);
        REAL raw_grad_h_rest = REAL(0);
        REAL raw_grad_a_rest = REAL(0);
        REAL raw_grad_b_rest = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            responsibility_rest[j] = REAL(0);
            raw_grad_points_rest[j] = REAL(0);
        }
        for (long long bin_0 = 0; bin_0 < B; bin_0 += 16) {
            REAL explained_part = REAL(0);
            REAL loss_value_part = REAL(0);
            REAL raw_grad_h_part = REAL(0);
            REAL raw_grad_a_part = REAL(0);
            REAL raw_grad_b_part = REAL(0);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                responsibility_part[j] = REAL(0);
                raw_grad_points_part[j] = REAL(0);
            }
            for (long long bin = bin_0; bin < B && bin < bin_0 + 16; bin += 1) {
                REAL top_joint = LOWEST;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    REAL centred = z[row*J + j] - top_z;
                    REAL offset = a[row] - points[row*J + j];
                    REAL delta = offset + position[row*B + bin]*width;
                    REAL u = delta*inverse_h;
                    REAL log_K = -REAL(1)/REAL(2)*(u*u);
                    REAL log_joint = centred + log_K;
                    top_joint = maximum(top_joint, log_joint);
                }
                top_joint = block_reduce<Max>(top_joint, LOWEST, lanes);
                REAL total_joint = REAL(0);
                REAL raw_pull = REAL(0);
                REAL raw_stretch = REAL(0);
                REAL total_joint_rest = REAL(0);
                REAL raw_pull_rest = REAL(0);
                REAL raw_stretch_rest = REAL(0);
                for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
                    REAL total_joint_part = REAL(0);
                    REAL raw_pull_part = REAL(0);
                    REAL raw_stretch_part = REAL(0);
                    for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                        REAL centred = z[row*J + j] - top_z;
                        REAL offset = a[row] - points[row*J + j];
                        REAL delta = offset + position[row*B + bin]*width;
                        REAL u = delta*inverse_h;
                        REAL log_K = -REAL(1)/REAL(2)*(u*u);
                        REAL log_joint = centred + log_K;
                        joint[j] = exp(log_joint - top_joint);
                        total_joint_part += joint[j];
                        REAL slope = -u;
                        raw_pull_part += joint[j]*slope;
                        raw_stretch_part += joint[j]*slope*u;
                    }
                    accumulate(total_joint, total_joint_rest, total_joint_part);
                    accumulate(raw_pull, raw_pull_rest, raw_pull_part);
                    accumulate(raw_stretch, raw_stretch_rest, raw_stretch_part);
                }
                total_joint = block_reduce<Sum>(total_joint, REAL(0), lanes);
                raw_pull = block_reduce<Sum>(raw_pull, REAL(0), lanes);
                raw_stretch = block_reduce<Sum>(raw_stretch, REAL(0), lanes);
                REAL pull = raw_pull/maximum(REAL(1), total_joint);
                REAL stretch = raw_stretch/maximum(REAL(1), total_joint);
                REAL log_p = top_joint + log(total_joint) - log_total_weight;
                REAL log_q = log_add_exp(log_floor[row], log_p);
                REAL share = (log_p == -INFINITE ? REAL(0) : REAL(1)/(REAL(1) + exp(log_floor[row] - log_p)));
                REAL mass = q[row*B + bin]*share;
                explained_part += mass;
                REAL mass_over_total_joint = mass/maximum(REAL(1), total_joint);
                loss_value_part += (q[row*B + bin] == REAL(0) ? REAL(0) : -log_q*q[row*B + bin]);
                raw_grad_h_part += mass*stretch;
                raw_grad_a_part += mass*pull*(REAL(1) - position[row*B + bin]);
                raw_grad_b_part += mass*position[row*B + bin]*pull;
                if (threadIdx.x == 0) log_density[row*B + bin] = log_p;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    responsibility_part[j] += joint[j]*mass_over_total_joint;
                    REAL offset = a[row] - points[row*J + j];
                    REAL delta = offset + position[row*B + bin]*width;
                    REAL u = delta*inverse_h;
                    REAL slope = -u;
                    raw_grad_points_part[j] += joint[j]*mass_over_total_joint*slope;
                }
            }
            accumulate(explained, explained_rest, explained_part);
            accumulate(loss_value, loss_value_rest, loss_value_part);
            accumulate(raw_grad_h, raw_grad_h_rest, raw_grad_h_part);
            accumulate(raw_grad_a, raw_grad_a_rest, raw_grad_a_part);
            accumulate(raw_grad_b, raw_grad_b_rest, raw_grad_b_part);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                accumulate(responsibility[j], responsibility_rest[j], responsibility_part[j]);
                accumulate(raw_grad_points[j], raw_grad_points_rest[j], raw_grad_points_part[j]);
            }
        }
        REAL explained_over_total_weight = explained/total_weight;
        if (threadIdx.x == 0) grad_h[row] = raw_grad_h/h[row];
        if (threadIdx.x == 0) grad_a[row] = -raw_grad_a/h[row];
        if (threadIdx.x == 0) grad_b[row] = -raw_grad_b/h[row];
        if (threadIdx.x == 0) loss[row] = loss_value;
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            grad_z[row*J + j] = explained_over_total_weight*weight[j] - responsibility[j];
            grad_points[row*J + j] = inverse_h*raw_grad_points[j];
        }
    }
}


// Cross-entropy of bins on [a, b] against a kernel density estimate, box kernel.
//     {offset}_{r,j} = {a}_{r} - {x}_{r,j}
//     {width}_{r} = - {a}_{r} + {b}_{r}
//     {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}
//     {u}_{r,b,j} = \frac{{\delta}_{r,b,j}}{{h}_{r}}
//     {room}_{r,b,j} = \frac{- \left|{{\delta}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}
//     {\log K}_{r,b,j} = \begin{cases} -\infty & \text{for}\: {room}_{r,b,j} < 0 \\0 & \text{otherwise} \end{cases}
//     {k'}_{r,b,j} = 0
//     {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}
//     {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}
//     {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}
//     {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}
//     {m}_{r,b} = {q}_{r,b} {s}_{r,b}
//     {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}
//     {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}
//     {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}
//     {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}
//     {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}
//     {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}
//     {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}
//     {\log p}_{r,b} = {\log p}_{r,b}
// One block per row (and stride over rows); a thread owns j = threadIdx.x, + blockDim.x, ...
// `scratch`: 6*J numbers a block.
extern "C" __global__ void box(
    const REAL *__restrict__ z, const REAL *__restrict__ points, const REAL *__restrict__ a, const REAL *__restrict__ b, const REAL *__restrict__ h, const REAL *__restrict__ position, const REAL *__restrict__ q, const REAL *__restrict__ log_floor, long long R, long long B, long long J, REAL *__restrict__ loss, REAL *__restrict__ grad_z, REAL *__restrict__ grad_points, REAL *__restrict__ grad_h, REAL *__restrict__ grad_a, REAL *__restrict__ grad_b, REAL *__restrict__ log_density, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    scratch += blockIdx.x*(6*J);
    REAL *weight = scratch; scratch += J;
    REAL *log_K = scratch; scratch += J;
    REAL *joint = scratch; scratch += J;
    REAL *responsibility = scratch; scratch += J;
    REAL *responsibility_rest = scratch; scratch += J;
    REAL *responsibility_part = scratch; scratch += J;
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL width = b[row] - a[row];
        REAL inverse_h = REAL(1)/h[row];
        if (threadIdx.x == 0) grad_h[row] = REAL(0);
        if (threadIdx.x == 0) grad_a[row] = REAL(0);
        if (threadIdx.x == 0) grad_b[row] = REAL(0);
        REAL top_z = LOWEST;
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            top_z = maximum(top_z, z[row*J + j]);
            grad_points[row*J + j] = REAL(0);
        }
        top_z = block_reduce<Max>(top_z, LOWEST, lanes);
        REAL total_weight = REAL(0);
        REAL total_weight_rest = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
            REAL total_weight_part = REAL(0);
            for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                REAL centred = z[row*J + j] - top_z;
                weight[j] = exp(centred);
                total_weight_part += weight[j];
            }
            accumulate(total_weight, total_weight_rest, total_weight_part);
        }
        total_weight = block_reduce<Sum>(total_weight, REAL(0), lanes);
        REAL log_total_weight = log(total_weight);
        REAL explained = REAL(0);
        REAL loss_value = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            responsibility[j] = REAL(0);
        }
        REAL explained_rest = REAL(0);
        REAL loss_value_rest = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            responsibility_rest[j] = REAL(0);
        }
        for (long long bin_0 = 0; bin_0 < B; bin_0 += 16) {
            REAL explained_part = REAL(0);
            REAL loss_value_part = REAL(0);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                responsibility_part[j] = REAL(0);
            }
            for (long long bin = bin_0; bin < B && bin < bin_0 + 16; bin += 1) {
                REAL top_joint = LOWEST;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    REAL offset = a[row] - points[row*J + j];
                    REAL delta = offset + position[row*B + bin]*width;
                    REAL room = inverse_h*(h[row] - fabs(delta));
                    log_K[j] = (room < REAL(0) ? -INFINITE : REAL(0));
                    REAL centred = z[row*J + j] - top_z;
                    REAL log_joint = centred + log_K[j];
                    top_joint = maximum(top_joint, log_joint);
                }
                top_joint = block_reduce<Max>(top_joint, LOWEST, lanes);
                REAL total_joint = REAL(0);
                REAL total_joint_rest = REAL(0);
                for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
                    REAL total_joint_part = REAL(0);
                    for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                        REAL centred = z[row*J + j] - top_z;
                        REAL log_joint = centred + log_K[j];
                        joint[j] = exp(log_joint - top_joint);
                        total_joint_part += joint[j];
                    }
                    accumulate(total_joint, total_joint_rest, total_joint_part);
                }
                total_joint = block_reduce<Sum>(total_joint, REAL(0), lanes);
                REAL log_p = top_joint + log(total_joint) - log_total_weight;
                REAL log_q = log_add_exp(log_floor[row], log_p);
                REAL share = (log_p == -INFINITE ? REAL(0) : REAL(1)/(REAL(1) + exp(log_floor[row] - log_p)));
                REAL mass = q[row*B + bin]*share;
                explained_part += mass;
                REAL mass_over_total_joint = mass/maximum(REAL(1), total_joint);
                loss_value_part += (q[row*B + bin] == REAL(0) ? REAL(0) : -log_q*q[row*B + bin]);
                if (threadIdx.x == 0) log_density[row*B + bin] = log_p;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    responsibility_part[j] += joint[j]*mass_over_total_joint;
                }
            }
            accumulate(explained, explained_rest, explained_part);
            accumulate(loss_value, loss_value_rest, loss_value_part);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                accumulate(responsibility[j], responsibility_rest[j], responsibility_part[j]);
            }
        }
        REAL explained_over_total_weight = explained/total_weight;
        if (threadIdx.x == 0) loss[row] = loss_value;
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            grad_z[row*J + j] = explained_over_total_weight*weight[j] - responsibility[j];
        }
    }
}


// Cross-entropy of bins on [a, b] against a kernel density estimate, triangular kernel.
//     {offset}_{r,j} = {a}_{r} - {x}_{r,j}
//     {width}_{r} = - {a}_{r} + {b}_{r}
//     {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}
//     {u}_{r,b,j} = \frac{{\delta}_{r,b,j}}{{h}_{r}}
//     {room}_{r,b,j} = \frac{- \left|{{\delta}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}
//     {\log K}_{r,b,j} = \begin{cases} -\infty & \text{for}\: {room}_{r,b,j} \leq 0 \\\log{\left({room}_{r,b,j} \right)} & \text{otherwise} \end{cases}
//     {k'}_{r,b,j} = \begin{cases} 0 & \text{for}\: {room}_{r,b,j} \leq 0 \\- \frac{\operatorname{sign}{\left({u}_{r,b,j} \right)}}{{room}_{r,b,j}} & \text{otherwise} \end{cases}
//     {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}
//     {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}
//     {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}
//     {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}
//     {m}_{r,b} = {q}_{r,b} {s}_{r,b}
//     {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}
//     {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}
//     {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}
//     {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}
//     {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}
//     {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}
//     {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}
//     {\log p}_{r,b} = {\log p}_{r,b}
// One block per row (and stride over rows); a thread owns j = threadIdx.x, + blockDim.x, ...
// `scratch`: 10*J numbers a block.
extern "C" __global__ void triangular(
    const REAL *__restrict__ z, const REAL *__restrict__ points, const REAL *__restrict__ a, const REAL *__restrict__ b, const REAL *__restrict__ h, const REAL *__restrict__ position, const REAL *__restrict__ q, const REAL *__restrict__ log_floor, long long R, long long B, long long J, REAL *__restrict__ loss, REAL *__restrict__ grad_z, REAL *__restrict__ grad_points, REAL *__restrict__ grad_h, REAL *__restrict__ grad_a, REAL *__restrict__ grad_b, REAL *__restrict__ log_density, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    scratch += blockIdx.x*(10*J);
    REAL *weight = scratch; scratch += J;
    REAL *log_K = scratch; scratch += J;
    REAL *slope = scratch; scratch += J;
    REAL *joint = scratch; scratch += J;
    REAL *responsibility = scratch; scratch += J;
    REAL *raw_grad_points = scratch; scratch += J;
    REAL *responsibility_rest = scratch; scratch += J;
    REAL *raw_grad_points_rest = scratch; scratch += J;
    REAL *responsibility_part = scratch; scratch += J;
    REAL *raw_grad_points_part = scratch; scratch += J;
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL width = b[row] - a[row];
        REAL inverse_h = REAL(1)/h[row];
        REAL top_z = LOWEST;
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            top_z = maximum(top_z, z[row*J + j]);
        }
        top_z = block_reduce<Max>(top_z, LOWEST, lanes);
        REAL total_weight = REAL(0);
        REAL total_weight_rest = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
            REAL total_weight_part = REAL(0);
            for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                REAL centred = z[row*J + j] - top_z;
                weight[j] = exp(centred);
                total_weight_part += weight[j];
            }
            accumulate(total_weight, total_weight_rest, total_weight_part);
        }
        total_weight = block_reduce<Sum>(total_weight, REAL(0), lanes);
        REAL log_total_weight = log(total_weight);
        REAL explained = REAL(0);
        REAL loss_value = REAL(0);
        REAL raw_grad_h = REAL(0);
        REAL raw_grad_a = REAL(0);
        REAL raw_grad_b = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            responsibility[j] = REAL(0);
            raw_grad_points[j] = REAL(0);
        }
        REAL explained_rest = REAL(0);
        REAL loss_value_rest = REAL(0);
        REAL raw_grad_h_rest = REAL(0);
        REAL raw_grad_a_rest = REAL(0);
        REAL raw_grad_b_rest = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            responsibility_rest[j] = REAL(0);
            raw_grad_points_rest[j] = REAL(0);
        }
        for (long long bin_0 = 0; bin_0 < B; bin_0 += 16) {
            REAL explained_part = REAL(0);
            REAL loss_value_part = REAL(0);
            REAL raw_grad_h_part = REAL(0);
            REAL raw_grad_a_part = REAL(0);
            REAL raw_grad_b_part = REAL(0);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                responsibility_part[j] = REAL(0);
                raw_grad_points_part[j] = REAL(0);
            }
            for (long long bin = bin_0; bin < B && bin < bin_0 + 16; bin += 1) {
                REAL top_joint = LOWEST;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    REAL offset = a[row] - points[row*J + j];
                    REAL delta = offset + position[row*B + bin]*width;
                    REAL room = inverse_h*(h[row] - fabs(delta));
                    log_K[j] = (room <= REAL(0) ? -INFINITE : log(room));
                    REAL centred = z[row*J + j] - top_z;
                    REAL log_joint = centred + log_K[j];
                    top_joint = maximum(top_joint, log_joint);
                }
                top_joint = block_reduce<Max>(top_joint, LOWEST, lanes);
                REAL total_joint = REAL(0);
                REAL raw_pull = REAL(0);
                REAL raw_stretch = REAL(0);
                REAL total_joint_rest = REAL(0);
                REAL raw_pull_rest = REAL(0);
                REAL raw_stretch_rest = REAL(0);
                for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
                    REAL total_joint_part = REAL(0);
                    REAL raw_pull_part = REAL(0);
                    REAL raw_stretch_part = REAL(0);
                    for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                        REAL offset = a[row] - points[row*J + j];
                        REAL delta = offset + position[row*B + bin]*width;
                        REAL room = inverse_h*(h[row] - fabs(delta));
                        REAL u = delta*inverse_h;
                        slope[j] = (room <= REAL(0) ? REAL(0) : -sign(u)/room);
                        REAL centred = z[row*J + j] - top_z;
                        REAL log_joint = centred + log_K[j];
                        joint[j] = exp(log_joint - top_joint);
                        total_joint_part += joint[j];
                        raw_pull_part += joint[j]*slope[j];
                        raw_stretch_part += joint[j]*slope[j]*u;
                    }
                    accumulate(total_joint, total_joint_rest, total_joint_part);
                    accumulate(raw_pull, raw_pull_rest, raw_pull_part);
                    accumulate(raw_stretch, raw_stretch_rest, raw_stretch_part);
                }
                total_joint = block_reduce<Sum>(total_joint, REAL(0), lanes);
                raw_pull = block_reduce<Sum>(raw_pull, REAL(0), lanes);
                raw_stretch = block_reduce<Sum>(raw_stretch, REAL(0), lanes);
                REAL pull = raw_pull/maximum(REAL(1), total_joint);
                REAL stretch = raw_stretch/maximum(REAL(1), total_joint);
                REAL log_p = top_joint + log(total_joint) - log_total_weight;
                REAL log_q = log_add_exp(log_floor[row], log_p);
                REAL share = (log_p == -INFINITE ? REAL(0) : REAL(1)/(REAL(1) + exp(log_floor[row] - log_p)));
                REAL mass = q[row*B + bin]*share;
                explained_part += mass;
                REAL mass_over_total_joint = mass/maximum(REAL(1), total_joint);
                loss_value_part += (q[row*B + bin] == REAL(0) ? REAL(0) : -log_q*q[row*B + bin]);
                raw_grad_h_part += mass*stretch;
                raw_grad_a_part += mass*pull*(REAL(1) - position[row*B + bin]);
                raw_grad_b_part += mass*position[row*B + bin]*pull;
                if (threadIdx.x == 0) log_density[row*B + bin] = log_p;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    responsibility_part[j] += joint[j]*mass_over_total_joint;
                    raw_grad_points_part[j] += joint[j]*mass_over_total_joint*slope[j];
                }
            }
            accumulate(explained, explained_rest, explained_part);
            accumulate(loss_value, loss_value_rest, loss_value_part);
            accumulate(raw_grad_h, raw_grad_h_rest, raw_grad_h_part);
            accumulate(raw_grad_a, raw_grad_a_rest, raw_grad_a_part);
            accumulate(raw_grad_b, raw_grad_b_rest, raw_grad_b_part);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                accumulate(responsibility[j], responsibility_rest[j], responsibility_part[j]);
                accumulate(raw_grad_points[j], raw_grad_points_rest[j], raw_grad_points_part[j]);
            }
        }
        REAL explained_over_total_weight = explained/total_weight;
        if (threadIdx.x == 0) grad_h[row] = raw_grad_h/h[row];
        if (threadIdx.x == 0) grad_a[row] = -raw_grad_a/h[row];
        if (threadIdx.x == 0) grad_b[row] = -raw_grad_b/h[row];
        if (threadIdx.x == 0) loss[row] = loss_value;
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            grad_z[row*J + j] = explained_over_total_weight*weight[j] - responsibility[j];
            grad_points[row*J + j] = inverse_h*raw_grad_points[j];
        }
    }
}


// Cross-entropy of bins on [a, b] against a kernel density estimate, epanechnikov kernel.
//     {offset}_{r,j} = {a}_{r} - {x}_{r,j}
//     {width}_{r} = - {a}_{r} + {b}_{r}
//     {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}
//     {u}_{r,b,j} = \frac{{\delta}_{r,b,j}}{{h}_{r}}
//     {room}_{r,b,j} = \frac{- \left|{{\delta}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}
//     {\log K}_{r,b,j} = \begin{cases} -\infty & \text{for}\: {room}_{r,b,j} \leq 0 \\\log{\left(\left|{{u}_{r,b,j}}\right| + 1 \right)} + \log{\left({room}_{r,b,j} \right)} & \text{otherwise} \end{cases}
//     {k'}_{r,b,j} = \begin{cases} 0 & \text{for}\: {room}_{r,b,j} \leq 0 \\- \frac{\operatorname{sign}{\left({u}_{r,b,j} \right)}}{{room}_{r,b,j}} + \frac{\operatorname{sign}{\left({u}_{r,b,j} \right)}}{\left|{{u}_{r,b,j}}\right| + 1} & \text{otherwise} \end{cases}
//     {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}
//     {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}
//     {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}
//     {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}
//     {m}_{r,b} = {q}_{r,b} {s}_{r,b}
//     {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}
//     {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}
//     {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}
//     {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}
//     {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}
//     {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}
//     {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}
//     {\log p}_{r,b} = {\log p}_{r,b}
// One block per row (and stride over rows); a thread owns j = threadIdx.x, + blockDim.x, ...
// `scratch`: 10*J numbers a block.
extern "C" __global__ void epanechnikov(
    const REAL *__restrict__ z, const REAL *__restrict__ points, const REAL *__restrict__ a, const REAL *__restrict__ b, const REAL *__restrict__ h, const REAL *__restrict__ position, const REAL *__restrict__ q, const REAL *__restrict__ log_floor, long long R, long long B, long long J, REAL *__restrict__ loss, REAL *__restrict__ grad_z, REAL *__restrict__ grad_points, REAL *__restrict__ grad_h, REAL *__restrict__ grad_a, REAL *__restrict__ grad_b, REAL *__restrict__ log_density, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    scratch += blockIdx.x*(10*J);
    REAL *weight = scratch; scratch += J;
    REAL *log_K = scratch; scratch += J;
    REAL *slope = scratch; scratch += J;
    REAL *joint = scratch; scratch += J;
    REAL *responsibility = scratch; scratch += J;
    REAL *raw_grad_points = scratch; scratch += J;
    REAL *responsibility_rest = scratch; scratch += J;
    REAL *raw_grad_points_rest = scratch; scratch += J;
    REAL *responsibility_part = scratch; scratch += J;
    REAL *raw_grad_points_part = scratch; scratch += J;
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL width = b[row] - a[row];
        REAL inverse_h = REAL(1)/h[row];
        REAL top_z = LOWEST;
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            top_z = maximum(top_z, z[row*J + j]);
        }
        top_z = block_reduce<Max>(top_z, LOWEST, lanes);
        REAL total_weight = REAL(0);
        REAL total_weight_rest = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
            REAL total_weight_part = REAL(0);
            for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                REAL centred = z[row*J + j] - top_z;
                weight[j] = exp(centred);
                total_weight_part += weight[j];
            }
            accumulate(total_weight, total_weight_rest, total_weight_part);
        }
        total_weight = block_reduce<Sum>(total_weight, REAL(0), lanes);
        REAL log_total_weight = log(total_weight);
        REAL explained = REAL(0);
        REAL loss_value = REAL(0);
        REAL raw_grad_h = REAL(0);
        REAL raw_grad_a = REAL(0);
        REAL raw_grad_b = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            responsibility[j] = REAL(0);
            raw_grad_points[j] = REAL(0);
        }
        REAL explained_rest = REAL(0);
        REAL loss_value_rest = REAL(0);
        REAL raw_grad_h_rest = REAL(0);
        REAL raw_grad_a_rest = REAL(0);
        REAL raw_grad_b_rest = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            responsibility_rest[j] = REAL(0);
            raw_grad_points_rest[j] = REAL(0);
        }
        for (long long bin_0 = 0; bin_0 < B; bin_0 += 16) {
            REAL explained_part = REAL(0);
            REAL loss_value_part = REAL(0);
            REAL raw_grad_h_part = REAL(0);
            REAL raw_grad_a_part = REAL(0);
            REAL raw_grad_b_part = REAL(0);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                responsibility_part[j] = REAL(0);
                raw_grad_points_part[j] = REAL(0);
            }
            for (long long bin = bin_0; bin < B && bin < bin_0 + 16; bin += 1) {
                REAL top_joint = LOWEST;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    REAL offset = a[row] - points[row*J + j];
                    REAL delta = offset + position[row*B + bin]*width;
                    REAL room = inverse_h*(h[row] - fabs(delta));
                    REAL u = delta*inverse_h;
                    log_K[j] = (room <= REAL(0) ? -INFINITE : log(room) + log1p(fabs(u)));
                    REAL centred = z[row*J + j] - top_z;
                    REAL log_joint = centred + log_K[j];
                    top_joint = maximum(top_joint, log_joint);
                }
                top_joint = block_reduce<Max>(top_joint, LOWEST, lanes);
                REAL total_joint = REAL(0);
                REAL raw_pull = REAL(0);
                REAL raw_stretch = REAL(0);
                REAL total_joint_rest = REAL(0);
                REAL raw_pull_rest = REAL(0);
                REAL raw_stretch_rest = REAL(0);
                for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
                    REAL total_joint_part = REAL(0);
                    REAL raw_pull_part = REAL(0);
                    REAL raw_stretch_part = REAL(0);
                    for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                        REAL offset = a[row] - points[row*J + j];
                        REAL delta = offset + position[row*B + bin]*width;
                        REAL room = inverse_h*(h[row] - fabs(delta));
                        REAL u = delta*inverse_h;
                        slope[j] = (room <= REAL(0) ? REAL(0) : sign(u)/(REAL(1) + fabs(u)) - sign(u)/room);
                        REAL centred = z[row*J + j] - top_z;
                        REAL log_joint = centred + log_K[j];
                        joint[j] = exp(log_joint - top_joint);
                        total_joint_part += joint[j];
                        raw_pull_part += joint[j]*slope[j];
                        raw_stretch_part += joint[j]*slope[j]*u;
                    }
                    accumulate(total_joint, total_joint_rest, total_joint_part);
                    accumulate(raw_pull, raw_pull_rest, raw_pull_part);
                    accumulate(raw_stretch, raw_stretch_rest, raw_stretch_part);
                }
                total_joint = block_reduce<Sum>(total_joint, REAL(0), lanes);
                raw_pull = block_reduce<Sum>(raw_pull, REAL(0), lanes);
                raw_stretch = block_reduce<Sum>(raw_stretch, REAL(0), lanes);
                REAL pull = raw_pull/maximum(REAL(1), total_joint);
                REAL stretch = raw_stretch/maximum(REAL(1), total_joint);
                REAL log_p = top_joint + log(total_joint) - log_total_weight;
                REAL log_q = log_add_exp(log_floor[row], log_p);
                REAL share = (log_p == -INFINITE ? REAL(0) : REAL(1)/(REAL(1) + exp(log_floor[row] - log_p)));
                REAL mass = q[row*B + bin]*share;
                explained_part += mass;
                REAL mass_over_total_joint = mass/maximum(REAL(1), total_joint);
                loss_value_part += (q[row*B + bin] == REAL(0) ? REAL(0) : -log_q*q[row*B + bin]);
                raw_grad_h_part += mass*stretch;
                raw_grad_a_part += mass*pull*(REAL(1) - position[row*B + bin]);
                raw_grad_b_part += mass*position[row*B + bin]*pull;
                if (threadIdx.x == 0) log_density[row*B + bin] = log_p;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    responsibility_part[j] += joint[j]*mass_over_total_joint;
                    raw_grad_points_part[j] += joint[j]*mass_over_total_joint*slope[j];
                }
            }
            accumulate(explained, explained_rest, explained_part);
            accumulate(loss_value, loss_value_rest, loss_value_part);
            accumulate(raw_grad_h, raw_grad_h_rest, raw_grad_h_part);
            accumulate(raw_grad_a, raw_grad_a_rest, raw_grad_a_part);
            accumulate(raw_grad_b, raw_grad_b_rest, raw_grad_b_part);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                accumulate(responsibility[j], responsibility_rest[j], responsibility_part[j]);
                accumulate(raw_grad_points[j], raw_grad_points_rest[j], raw_grad_points_part[j]);
            }
        }
        REAL explained_over_total_weight = explained/total_weight;
        if (threadIdx.x == 0) grad_h[row] = raw_grad_h/h[row];
        if (threadIdx.x == 0) grad_a[row] = -raw_grad_a/h[row];
        if (threadIdx.x == 0) grad_b[row] = -raw_grad_b/h[row];
        if (threadIdx.x == 0) loss[row] = loss_value;
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            grad_z[row*J + j] = explained_over_total_weight*weight[j] - responsibility[j];
            grad_points[row*J + j] = inverse_h*raw_grad_points[j];
        }
    }
}


// Cross-entropy of bins on [a, b] against a kernel density estimate, cauchy kernel.
//     {offset}_{r,j} = {a}_{r} - {x}_{r,j}
//     {width}_{r} = - {a}_{r} + {b}_{r}
//     {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}
//     {u}_{r,b,j} = \frac{{\delta}_{r,b,j}}{{h}_{r}}
//     {room}_{r,b,j} = \frac{- \left|{{\delta}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}
//     {\log K}_{r,b,j} = - \log{\left({u}_{r,b,j}^{2} + 1 \right)}
//     {k'}_{r,b,j} = - \frac{2 {u}_{r,b,j}}{{u}_{r,b,j}^{2} + 1}
//     {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}
//     {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}
//     {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}
//     {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}
//     {m}_{r,b} = {q}_{r,b} {s}_{r,b}
//     {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}
//     {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}
//     {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}
//     {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}
//     {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}
//     {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}
//     {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}
//     {\log p}_{r,b} = {\log p}_{r,b}
// One block per row (and stride over rows); a thread owns j = threadIdx.x, + blockDim.x, ...
// `scratch`: 10*J numbers a block.
extern "C" __global__ void cauchy(
    const REAL *__restrict__ z, const REAL *__restrict__ points, const REAL *__restrict__ a, const REAL *__restrict__ b, const REAL *__restrict__ h, const REAL *__restrict__ position, const REAL *__restrict__ q, const REAL *__restrict__ log_floor, long long R, long long B, long long J, REAL *__restrict__ loss, REAL *__restrict__ grad_z, REAL *__restrict__ grad_points, REAL *__restrict__ grad_h, REAL *__restrict__ grad_a, REAL *__restrict__ grad_b, REAL *__restrict__ log_density, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    scratch += blockIdx.x*(10*J);
    REAL *weight = scratch; scratch += J;
    REAL *log_K = scratch; scratch += J;
    REAL *slope = scratch; scratch += J;
    REAL *joint = scratch; scratch += J;
    REAL *responsibility = scratch; scratch += J;
    REAL *raw_grad_points = scratch; scratch += J;
    REAL *responsibility_rest = scratch; scratch += J;
    REAL *raw_grad_points_rest = scratch; scratch += J;
    REAL *responsibility_part = scratch; scratch += J;
    REAL *raw_grad_points_part = scratch; scratch += J;
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL width = b[row] - a[row];
        REAL inverse_h = REAL(1)/h[row];
        REAL top_z = LOWEST;
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            top_z = maximum(top_z, z[row*J + j]);
        }
        top_z = block_reduce<Max>(top_z, LOWEST, lanes);
        REAL total_weight = REAL(0);
        REAL total_weight_rest = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
            REAL total_weight_part = REAL(0);
            for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                REAL centred = z[row*J + j] - top_z;
                weight[j] = exp(centred);
                total_weight_part += weight[j];
            }
            accumulate(total_weight, total_weight_rest, total_weight_part);
        }
        total_weight = block_reduce<Sum>(total_weight, REAL(0), lanes);
        REAL log_total_weight = log(total_weight);
        REAL explained = REAL(0);
        REAL loss_value = REAL(0);
        REAL raw_grad_h = REAL(0);
        REAL raw_grad_a = REAL(0);
        REAL raw_grad_b = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            responsibility[j] = REAL(0);
            raw_grad_points[j] = REAL(0);
        }
        REAL explained_rest = REAL(0);
        REAL loss_value_rest = REAL(0);
        REAL raw_grad_h_rest = REAL(0);
        REAL raw_grad_a_rest = REAL(0);
        REAL raw_grad_b_rest = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            responsibility_rest[j] = REAL(0);
            raw_grad_points_rest[j] = REAL(0);
        }
        for (long long bin_0 = 0; bin_0 < B; bin_0 += 16) {
            REAL explained_part = REAL(0);
            REAL loss_value_part = REAL(0);
            REAL raw_grad_h_part = REAL(0);
            REAL raw_grad_a_part = REAL(0);
            REAL raw_grad_b_part = REAL(0);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                responsibility_part[j] = REAL(0);
                raw_grad_points_part[j] = REAL(0);
            }
            for (long long bin = bin_0; bin < B && bin < bin_0 + 16; bin += 1) {
                REAL top_joint = LOWEST;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    REAL offset = a[row] - points[row*J + j];
                    REAL delta = offset + position[row*B + bin]*width;
                    REAL u = delta*inverse_h;
                    log_K[j] = -log1p((u*u));
                    REAL centred = z[row*J + j] - top_z;
                    REAL log_joint = centred + log_K[j];
                    top_joint = maximum(top_joint, log_joint);
                }
                top_joint = block_reduce<Max>(top_joint, LOWEST, lanes);
                REAL total_joint = REAL(0);
                REAL raw_pull = REAL(0);
                REAL raw_stretch = REAL(0);
                REAL total_joint_rest = REAL(0);
                REAL raw_pull_rest = REAL(0);
                REAL raw_stretch_rest = REAL(0);
                for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
                    REAL total_joint_part = REAL(0);
                    REAL raw_pull_part = REAL(0);
                    REAL raw_stretch_part = REAL(0);
                    for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                        REAL offset = a[row] - points[row*J + j];
                        REAL delta = offset + position[row*B + bin]*width;
                        REAL u = delta*inverse_h;
                        slope[j] = -REAL(2)*u/(REAL(1) + (u*u));
                        REAL centred = z[row*J + j] - top_z;
                        REAL log_joint = centred + log_K[j];
                        joint[j] = exp(log_joint - top_joint);
                        total_joint_part += joint[j];
                        raw_pull_part += joint[j]*slope[j];
                        raw_stretch_part += joint[j]*slope[j]*u;
                    }
                    accumulate(total_joint, total_joint_rest, total_joint_part);
                    accumulate(raw_pull, raw_pull_rest, raw_pull_part);
                    accumulate(raw_stretch, raw_stretch_rest, raw_stretch_part);
                }
                total_joint = block_reduce<Sum>(total_joint, REAL(0), lanes);
                raw_pull = block_reduce<Sum>(raw_pull, REAL(0), lanes);
                raw_stretch = block_reduce<Sum>(raw_stretch, REAL(0), lanes);
                REAL pull = raw_pull/maximum(REAL(1), total_joint);
                REAL stretch = raw_stretch/maximum(REAL(1), total_joint);
                REAL log_p = top_joint + log(total_joint) - log_total_weight;
                REAL log_q = log_add_exp(log_floor[row], log_p);
                REAL share = (log_p == -INFINITE ? REAL(0) : REAL(1)/(REAL(1) + exp(log_floor[row] - log_p)));
                REAL mass = q[row*B + bin]*share;
                explained_part += mass;
                REAL mass_over_total_joint = mass/maximum(REAL(1), total_joint);
                loss_value_part += (q[row*B + bin] == REAL(0) ? REAL(0) : -log_q*q[row*B + bin]);
                raw_grad_h_part += mass*stretch;
                raw_grad_a_part += mass*pull*(REAL(1) - position[row*B + bin]);
                raw_grad_b_part += mass*position[row*B + bin]*pull;
                if (threadIdx.x == 0) log_density[row*B + bin] = log_p;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    responsibility_part[j] += joint[j]*mass_over_total_joint;
                    raw_grad_points_part[j] += joint[j]*mass_over_total_joint*slope[j];
                }
            }
            accumulate(explained, explained_rest, explained_part);
            accumulate(loss_value, loss_value_rest, loss_value_part);
            accumulate(raw_grad_h, raw_grad_h_rest, raw_grad_h_part);
            accumulate(raw_grad_a, raw_grad_a_rest, raw_grad_a_part);
            accumulate(raw_grad_b, raw_grad_b_rest, raw_grad_b_part);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                accumulate(responsibility[j], responsibility_rest[j], responsibility_part[j]);
                accumulate(raw_grad_points[j], raw_grad_points_rest[j], raw_grad_points_part[j]);
            }
        }
        REAL explained_over_total_weight = explained/total_weight;
        if (threadIdx.x == 0) grad_h[row] = raw_grad_h/h[row];
        if (threadIdx.x == 0) grad_a[row] = -raw_grad_a/h[row];
        if (threadIdx.x == 0) grad_b[row] = -raw_grad_b/h[row];
        if (threadIdx.x == 0) loss[row] = loss_value;
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            grad_z[row*J + j] = explained_over_total_weight*weight[j] - responsibility[j];
            grad_points[row*J + j] = inverse_h*raw_grad_points[j];
        }
    }
}


// Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, laplace kernel.
//     {offset}_{r,j} = {a}_{r} - {x}_{r,j}
//     {width}_{r} = - {a}_{r} + {b}_{r}
//     {\rho}_{r} = \frac{{P}_{r}}{{h}_{r}}
//     {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}
//     {\delta^\circ}_{r,b,j} = - \left\lfloor{\frac{{\delta}_{r,b,j}}{{P}_{r}} + \frac{1}{2}}\right\rfloor {P}_{r} + {\delta}_{r,b,j}
//     {u}_{r,b,j} = \frac{{\delta^\circ}_{r,b,j}}{{h}_{r}}
//     {\epsilon}_{r,b,j} = e^{2 \left|{{u}_{r,b,j}}\right| - {\rho}_{r}}
//     {nearest\_share}_{r,b,j} = \frac{1}{{\epsilon}_{r,b,j} + 1}
//     {room}_{r,b,j} = \frac{- \left|{{\delta^\circ}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}
//     {\log K}_{r,b,j} = - \log{\left(1 - e^{- {\rho}_{r}} \right)} + \log{\left({\epsilon}_{r,b,j} + 1 \right)} - \left|{{u}_{r,b,j}}\right|
//     {k'}_{r,b,j} = 2 \operatorname{sign}{\left({u}_{r,b,j} \right)} {nearest\_share}_{r,b,j} {\epsilon}_{r,b,j} - \operatorname{sign}{\left({u}_{r,b,j} \right)}
//     {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{\left(2 \operatorname{sign}{\left({u}_{r,b,j} \right)} {nearest\_share}_{r,b,j} {\epsilon}_{r,b,j} {u}_{r,b,j} - \operatorname{sign}{\left({u}_{r,b,j} \right)} {u}_{r,b,j} - {nearest\_share}_{r,b,j} {\epsilon}_{r,b,j} {\rho}_{r} - \frac{{\rho}_{r}}{e^{{\rho}_{r}} - 1}\right) e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}
//     {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}
//     {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}
//     {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}
//     {m}_{r,b} = {q}_{r,b} {s}_{r,b}
//     {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}
//     {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}
//     {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}
//     {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}
//     {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}
//     {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}
//     {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}
//     {\log p}_{r,b} = {\log p}_{r,b}
// One block per row (and stride over rows); a thread owns j = threadIdx.x, + blockDim.x, ...
// `scratch`: 12*J numbers a block.
extern "C" __global__ void laplace_on_circle(
    const REAL *__restrict__ z, const REAL *__restrict__ points, const REAL *__restrict__ a, const REAL *__restrict__ b, const REAL *__restrict__ h, const REAL *__restrict__ position, const REAL *__restrict__ q, const REAL *__restrict__ log_floor, const REAL *__restrict__ period, long long R, long long B, long long J, REAL *__restrict__ loss, REAL *__restrict__ grad_z, REAL *__restrict__ grad_points, REAL *__restrict__ grad_h, REAL *__restrict__ grad_a, REAL *__restrict__ grad_b, REAL *__restrict__ log_density, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    scratch += blockIdx.x*(12*J);
    REAL *weight = scratch; scratch += J;
    REAL *nearest = scratch; scratch += J;
    REAL *other_image = scratch; scratch += J;
    REAL *log_K = scratch; scratch += J;
    REAL *nearest_share = scratch; scratch += J;
    REAL *joint = scratch; scratch += J;
    REAL *responsibility = scratch; scratch += J;
    REAL *raw_grad_points = scratch; scratch += J;
    REAL *responsibility_rest = scratch; scratch += J;
    REAL *raw_grad_points_rest = scratch; scratch += J;
    REAL *responsibility_part = scratch; scratch += J;
    REAL *raw_grad_points_part = scratch; scratch += J;
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL width = b[row] - a[row];
        REAL turn = period[row]/h[row];
        REAL inverse_period = REAL(1)/period[row];
        REAL inverse_h = REAL(1)/h[row];
        REAL log_expm1_turn = log(-expm1(-turn));
        REAL turn_over_expm1_turn = turn/expm1(turn);
        REAL top_z = LOWEST;
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            top_z = maximum(top_z, z[row*J + j]);
        }
        top_z = block_reduce<Max>(top_z, LOWEST, lanes);
        REAL total_weight = REAL(0);
        REAL total_weight_rest = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
            REAL total_weight_part = REAL(0);
            for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                REAL centred = z[row*J + j] - top_z;
                weight[j] = exp(centred);
                total_weight_part += weight[j];
            }
            accumulate(total_weight, total_weight_rest, total_weight_part);
        }
        total_weight = block_reduce<Sum>(total_weight, REAL(0), lanes);
        REAL log_total_weight = log(total_weight);
        REAL explained = REAL(0);
        REAL loss_value = REAL(0);
        REAL raw_grad_h = REAL(0);
        REAL raw_grad_a = REAL(0);
        REAL raw_grad_b = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            responsibility[j] = REAL(0);
            raw_grad_points[j] = REAL(0);
        }
        REAL explained_rest = REAL(0);
        REAL loss_value_rest = REAL(0);
        REAL raw_grad_h_rest = REAL(0);
        REAL raw_grad_a_rest = REAL(0);
        REAL raw_grad_b_rest = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            responsibility_rest[j] = REAL(0);
            raw_grad_points_rest[j] = REAL(0);
        }
        for (long long bin_0 = 0; bin_0 < B; bin_0 += 16) {
            REAL explained_part = REAL(0);
            REAL loss_value_part = REAL(0);
            REAL raw_grad_h_part = REAL(0);
            REAL raw_grad_a_part = REAL(0);
            REAL raw_grad_b_part = REAL(0);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                responsibility_part[j] = REAL(0);
                raw_grad_points_part[j] = REAL(0);
            }
            for (long long bin = bin_0; bin < B && bin < bin_0 + 16; bin += 1) {
                REAL top_joint = LOWEST;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    REAL offset = a[row] - points[row*J + j];
                    REAL delta = offset + position[row*B + bin]*width;
                    nearest[j] = delta - period[row]*floor(REAL(1)/REAL(2) + delta*inverse_period);
                    REAL u = inverse_h*nearest[j];
                    other_image[j] = exp(REAL(2)*fabs(u) - turn);
                    log_K[j] = log1p(other_image[j]) - log_expm1_turn - fabs(u);
                    REAL centred = z[row*J + j] - top_z;
                    REAL log_joint = centred + log_K[j];
                    top_joint = maximum(top_joint, log_joint);
                }
                top_joint = block_reduce<Max>(top_joint, LOWEST, lanes);
                REAL total_joint = REAL(0);
                REAL raw_pull = REAL(0);
                REAL raw_stretch = REAL(0);
                REAL total_joint_rest = REAL(0);
                REAL raw_pull_rest = REAL(0);
                REAL raw_stretch_rest = REAL(0);
                for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
                    REAL total_joint_part = REAL(0);
                    REAL raw_pull_part = REAL(0);
                    REAL raw_stretch_part = REAL(0);
                    for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                        nearest_share[j] = REAL(1)/(REAL(1) + other_image[j]);
                        REAL centred = z[row*J + j] - top_z;
                        REAL log_joint = centred + log_K[j];
                        joint[j] = exp(log_joint - top_joint);
                        total_joint_part += joint[j];
                        REAL u = inverse_h*nearest[j];
                        REAL slope = REAL(2)*nearest_share[j]*other_image[j]*sign(u) - sign(u);
                        raw_pull_part += joint[j]*slope;
                        raw_stretch_part += joint[j]*(REAL(2)*nearest_share[j]*other_image[j]*u*sign(u) - turn_over_expm1_turn - u*sign(u) - nearest_share[j]*other_image[j]*turn);
                    }
                    accumulate(total_joint, total_joint_rest, total_joint_part);
                    accumulate(raw_pull, raw_pull_rest, raw_pull_part);
                    accumulate(raw_stretch, raw_stretch_rest, raw_stretch_part);
                }
                total_joint = block_reduce<Sum>(total_joint, REAL(0), lanes);
                raw_pull = block_reduce<Sum>(raw_pull, REAL(0), lanes);
                raw_stretch = block_reduce<Sum>(raw_stretch, REAL(0), lanes);
                REAL pull = raw_pull/maximum(REAL(1), total_joint);
                REAL stretch = raw_stretch/maximum(REAL(1), total_joint);
                REAL log_p = top_joint + log(total_joint) - log_total_weight;
                REAL log_q = log_add_exp(log_floor[row], log_p);
                REAL share = (log_p == -INFINITE ? REAL(0) : REAL(1)/(REAL(1) + exp(log_floor[row] - log_p)));
                REAL mass = q[row*B + bin]*share;
                explained_part += mass;
                REAL mass_over_total_joint = mass/maximum(REAL(1), total_joint);
                loss_value_part += (q[row*B + bin] == REAL(0) ? REAL(0) : -log_q*q[row*B + bin]);
                raw_grad_h_part += mass*stretch;
                raw_grad_a_part += mass*pull*(REAL(1) - position[row*B + bin]);
                raw_grad_b_part += mass*position[row*B + bin]*pull;
                if (threadIdx.x == 0) log_density[row*B + bin] = log_p;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    responsibility_part[j] += joint[j]*mass_over_total_joint;
                    REAL u = inverse_h*nearest[j];
                    REAL slope = REAL(2)*nearest_share[j]*other_image[j]*sign(u) - sign(u);
                    raw_grad_points_part[j] += joint[j]*mass_over_total_joint*slope;
                }
            }
            accumulate(explained, explained_rest, explained_part);
            accumulate(loss_value, loss_value_rest, loss_value_part);
            accumulate(raw_grad_h, raw_grad_h_rest, raw_grad_h_part);
            accumulate(raw_grad_a, raw_grad_a_rest, raw_grad_a_part);
            accumulate(raw_grad_b, raw_grad_b_rest, raw_grad_b_part);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                accumulate(responsibility[j], responsibility_rest[j], responsibility_part[j]);
                accumulate(raw_grad_points[j], raw_grad_points_rest[j], raw_grad_points_part[j]);
            }
        }
        REAL explained_over_total_weight = explained/total_weight;
        if (threadIdx.x == 0) grad_h[row] = raw_grad_h/h[row];
        if (threadIdx.x == 0) grad_a[row] = -raw_grad_a/h[row];
        if (threadIdx.x == 0) grad_b[row] = -raw_grad_b/h[row];
        if (threadIdx.x == 0) loss[row] = loss_value;
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            grad_z[row*J + j] = explained_over_total_weight*weight[j] - responsibility[j];
            grad_points[row*J + j] = inverse_h*raw_grad_points[j];
        }
    }
}


// Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, gaussian kernel.
//     {offset}_{r,j} = {a}_{r} - {x}_{r,j}
//     {width}_{r} = - {a}_{r} + {b}_{r}
//     {\rho}_{r} = \frac{{P}_{r}}{{h}_{r}}
//     {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}
//     {\delta^\circ}_{r,b,j} = - \left\lfloor{\frac{{\delta}_{r,b,j}}{{P}_{r}} + \frac{1}{2}}\right\rfloor {P}_{r} + {\delta}_{r,b,j}
//     {u}_{r,b,j} = \frac{{\delta^\circ}_{r,b,j}}{{h}_{r}}
//     {room}_{r,b,j} = \frac{- \left|{{\delta^\circ}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}
//     {\log K}_{r,b,j} = - \frac{{u}_{r,b,j}^{2}}{2}
//     {k'}_{r,b,j} = - {u}_{r,b,j}
//     {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}
//     {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}
//     {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}
//     {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}
//     {m}_{r,b} = {q}_{r,b} {s}_{r,b}
//     {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}
//     {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}
//     {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}
//     {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}
//     {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}
//     {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}
//     {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}
//     {\log p}_{r,b} = {\log p}_{r,b}
// One block per row (and stride over rows); a thread owns j = threadIdx.x, + blockDim.x, ...
// `scratch`: 9*J numbers a block.
extern "C" __global__ void gaussian_on_circle(
    const REAL *__restrict__ z, const REAL *__restrict__ points, const REAL *__restrict__ a, const REAL *__restrict__ b, const REAL *__restrict__ h, const REAL *__restrict__ position, const REAL *__restrict__ q, const REAL *__restrict__ log_floor, const REAL *__restrict__ period, long long R, long long B, long long J, REAL *__restrict__ loss, REAL *__restrict__ grad_z, REAL *__restrict__ grad_points, REAL *__restrict__ grad_h, REAL *__restrict__ grad_a, REAL *__restrict__ grad_b, REAL *__restrict__ log_density, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    scratch += blockIdx.x*(9*J);
    REAL *weight = scratch; scratch += J;
    REAL *nearest = scratch; scratch += J;
    REAL *joint = scratch; scratch += J;
    REAL *responsibility = scratch; scratch += J;
    REAL *raw_grad_points = scratch; scratch += J;
    REAL *responsibility_rest = scratch; scratch += J;
    REAL *raw_grad_points_rest = scratch; scratch += J;
    REAL *responsibility_part = scratch; scratch += J;
    REAL *raw_grad_points_part = scratch; scratch += J;
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL width = b[row] - a[row];
        REAL inverse_period = REAL(1)/period[row];
        REAL inverse_h = REAL(1)/h[row];
        REAL top_z = LOWEST;
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            top_z = maximum(top_z, z[row*J + j]);
        }
        top_z = block_reduce<Max>(top_z, LOWEST, lanes);
        REAL total_weight = REAL(0);
        REAL total_weight_rest = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
            REAL total_weight_part = REAL(0);
            for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                REAL centred = z[row*J + j] - top_z;
                weight[j] = exp(centred);
                total_weight_part += weight[j];
            }
            accumulate(total_weight, total_weight_rest, total_weight_part);
        }
        total_weight = block_reduce<Sum>(total_weight, REAL(0), lanes);
        REAL log_total_weight = log(total_weight);
        REAL explained = REAL(0);
        REAL loss_value = REAL(0);
        REAL raw_grad_h = REAL(0);
        REAL raw_grad_a = REAL(0);
        REAL raw_grad_b = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            responsibility[j] = REAL(0);
            raw_grad_points[j] = REAL(0);
        }
        REAL explained_rest = REAL(0);
        REAL loss_value_rest = REAL(0);
        REAL raw_grad_h_rest = REAL(0);
        REAL raw_grad_a_rest = REAL(0);
        REAL raw_grad_b_rest = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            responsibility_rest[j] = REAL(0);
            raw_grad_points_rest[j] = REAL(0);
        }
        for (long long bin_0 = 0; bin_0 < B; bin_0 += 16) {
            REAL explained_part = REAL(0);
            REAL loss_value_part = REAL(0);
            REAL raw_grad_h_part = REAL(0);
            REAL raw_grad_a_part = REAL(0);
            REAL raw_grad_b_part = REAL(0);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                responsibility_part[j] = REAL(0);
                raw_grad_points_part[j] = REAL(0);
            }
            for (long long bin = bin_0; bin < B && bin < bin_0 + 16; bin += 1) {
                REAL top_joint = LOWEST;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    REAL offset = a[row] - points[row*J + j];
                    REAL delta = offset + position[row*B + bin]*width;
                    nearest[j] = delta - period[row]*floor(REAL(1)/REAL(2) + delta*inverse_period);
                    REAL centred = z[row*J + j] - top_z;
                    REAL u = inverse_h*nearest[j];
                    REAL log_K = -REAL(1)/REAL(2)*(u*u);
                    REAL log_joint = centred + log_K;
                    top_joint = maximum(top_joint, log_joint);
                }
                top_joint = block_reduce<Max>(top_joint, LOWEST, lanes);
                REAL total_joint = REAL(0);
                REAL raw_pull = REAL(0);
                REAL raw_stretch = REAL(0);
                REAL total_joint_rest = REAL(0);
                REAL raw_pull_rest = REAL(0);
                REAL raw_stretch_rest = REAL(0);
                for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
                    REAL total_joint_part = REAL(0);
                    REAL raw_pull_part = REAL(0);
                    REAL raw_stretch_part = REAL(0);
                    for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                        REAL centred = z[row*J + j] - top_z;
                        REAL u = inverse_h*nearest[j];
                        REAL log_K = -REAL(1)/REAL(2)*(u*u);
                        REAL log_joint = centred + log_K;
                        joint[j] = exp(log_joint - top_joint);
                        total_joint_part += joint[j];
                        REAL slope = -u;
                        raw_pull_part += joint[j]*slope;
                        raw_stretch_part += joint[j]*slope*u;
                    }
                    accumulate(total_joint, total_joint_rest, total_joint_part);
                    accumulate(raw_pull, raw_pull_rest, raw_pull_part);
                    accumulate(raw_stretch, raw_stretch_rest, raw_stretch_part);
                }
                total_joint = block_reduce<Sum>(total_joint, REAL(0), lanes);
                raw_pull = block_reduce<Sum>(raw_pull, REAL(0), lanes);
                raw_stretch = block_reduce<Sum>(raw_stretch, REAL(0), lanes);
                REAL pull = raw_pull/maximum(REAL(1), total_joint);
                REAL stretch = raw_stretch/maximum(REAL(1), total_joint);
                REAL log_p = top_joint + log(total_joint) - log_total_weight;
                REAL log_q = log_add_exp(log_floor[row], log_p);
                REAL share = (log_p == -INFINITE ? REAL(0) : REAL(1)/(REAL(1) + exp(log_floor[row] - log_p)));
                REAL mass = q[row*B + bin]*share;
                explained_part += mass;
                REAL mass_over_total_joint = mass/maximum(REAL(1), total_joint);
                loss_value_part += (q[row*B + bin] == REAL(0) ? REAL(0) : -log_q*q[row*B + bin]);
                raw_grad_h_part += mass*stretch;
                raw_grad_a_part += mass*pull*(REAL(1) - position[row*B + bin]);
                raw_grad_b_part += mass*position[row*B + bin]*pull;
                if (threadIdx.x == 0) log_density[row*B + bin] = log_p;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    responsibility_part[j] += joint[j]*mass_over_total_joint;
                    REAL u = inverse_h*nearest[j];
                    REAL slope = -u;
                    raw_grad_points_part[j] += joint[j]*mass_over_total_joint*slope;
                }
            }
            accumulate(explained, explained_rest, explained_part);
            accumulate(loss_value, loss_value_rest, loss_value_part);
            accumulate(raw_grad_h, raw_grad_h_rest, raw_grad_h_part);
            accumulate(raw_grad_a, raw_grad_a_rest, raw_grad_a_part);
            accumulate(raw_grad_b, raw_grad_b_rest, raw_grad_b_part);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                accumulate(responsibility[j], responsibility_rest[j], responsibility_part[j]);
                accumulate(raw_grad_points[j], raw_grad_points_rest[j], raw_grad_points_part[j]);
            }
        }
        REAL explained_over_total_weight = explained/total_weight;
        if (threadIdx.x == 0) grad_h[row] = raw_grad_h/h[row];
        if (threadIdx.x == 0) grad_a[row] = -raw_grad_a/h[row];
        if (threadIdx.x == 0) grad_b[row] = -raw_grad_b/h[row];
        if (threadIdx.x == 0) loss[row] = loss_value;
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            grad_z[row*J + j] = explained_over_total_weight*weight[j] - responsibility[j];
            grad_points[row*J + j] = inverse_h*raw_grad_points[j];
        }
    }
}


// Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, box kernel.
//     {offset}_{r,j} = {a}_{r} - {x}_{r,j}
//     {width}_{r} = - {a}_{r} + {b}_{r}
//     {\rho}_{r} = \frac{{P}_{r}}{{h}_{r}}
//     {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}
//     {\delta^\circ}_{r,b,j} = - \left\lfloor{\frac{{\delta}_{r,b,j}}{{P}_{r}} + \frac{1}{2}}\right\rfloor {P}_{r} + {\delta}_{r,b,j}
//     {u}_{r,b,j} = \frac{{\delta^\circ}_{r,b,j}}{{h}_{r}}
//     {room}_{r,b,j} = \frac{- \left|{{\delta^\circ}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}
//     {\log K}_{r,b,j} = \begin{cases} -\infty & \text{for}\: {room}_{r,b,j} < 0 \\0 & \text{otherwise} \end{cases}
//     {k'}_{r,b,j} = 0
//     {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}
//     {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}
//     {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}
//     {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}
//     {m}_{r,b} = {q}_{r,b} {s}_{r,b}
//     {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}
//     {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}
//     {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}
//     {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}
//     {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}
//     {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}
//     {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}
//     {\log p}_{r,b} = {\log p}_{r,b}
// One block per row (and stride over rows); a thread owns j = threadIdx.x, + blockDim.x, ...
// `scratch`: 6*J numbers a block.
extern "C" __global__ void box_on_circle(
    const REAL *__restrict__ z, const REAL *__restrict__ points, const REAL *__restrict__ a, const REAL *__restrict__ b, const REAL *__restrict__ h, const REAL *__restrict__ position, const REAL *__restrict__ q, const REAL *__restrict__ log_floor, const REAL *__restrict__ period, long long R, long long B, long long J, REAL *__restrict__ loss, REAL *__restrict__ grad_z, REAL *__restrict__ grad_points, REAL *__restrict__ grad_h, REAL *__restrict__ grad_a, REAL *__restrict__ grad_b, REAL *__restrict__ log_density, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    scratch += blockIdx.x*(6*J);
    REAL *weight = scratch; scratch += J;
    REAL *log_K = scratch; scratch += J;
    REAL *joint = scratch; scratch += J;
    REAL *responsibility = scratch; scratch += J;
    REAL *responsibility_rest = scratch; scratch += J;
    REAL *responsibility_part = scratch; scratch += J;
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL width = b[row] - a[row];
        REAL inverse_period = REAL(1)/period[row];
        REAL inverse_h = REAL(1)/h[row];
        if (threadIdx.x == 0) grad_h[row] = REAL(0);
        if (threadIdx.x == 0) grad_a[row] = REAL(0);
        if (threadIdx.x == 0) grad_b[row] = REAL(0);
        REAL top_z = LOWEST;
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            top_z = maximum(top_z, z[row*J + j]);
            grad_points[row*J + j] = REAL(0);
        }
        top_z = block_reduce<Max>(top_z, LOWEST, lanes);
        REAL total_weight = REAL(0);
        REAL total_weight_rest = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
            REAL total_weight_part = REAL(0);
            for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                REAL centred = z[row*J + j] - top_z;
                weight[j] = exp(centred);
                total_weight_part += weight[j];
            }
            accumulate(total_weight, total_weight_rest, total_weight_part);
        }
        total_weight = block_reduce<Sum>(total_weight, REAL(0), lanes);
        REAL log_total_weight = log(total_weight);
        REAL explained = REAL(0);
        REAL loss_value = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            responsibility[j] = REAL(0);
        }
        REAL explained_rest = REAL(0);
        REAL loss_value_rest = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            responsibility_rest[j] = REAL(0);
        }
        for (long long bin_0 = 0; bin_0 < B; bin_0 += 16) {
            REAL explained_part = REAL(0);
            REAL loss_value_part = REAL(0);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                responsibility_part[j] = REAL(0);
            }
            for (long long bin = bin_0; bin < B && bin < bin_0 + 16; bin += 1) {
                REAL top_joint = LOWEST;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    REAL offset = a[row] - points[row*J + j];
                    REAL delta = offset + position[row*B + bin]*width;
                    REAL nearest = delta - period[row]*floor(REAL(1)/REAL(2) + delta*inverse_period);
                    REAL room = inverse_h*(h[row] - fabs(nearest));
                    log_K[j] = (room < REAL(0) ? -INFINITE : REAL(0));
                    REAL centred = z[row*J + j] - top_z;
                    REAL log_joint = centred + log_K[j];
                    top_joint = maximum(top_joint, log_joint);
                }
                top_joint = block_reduce<Max>(top_joint, LOWEST, lanes);
                REAL total_joint = REAL(0);
                REAL total_joint_rest = REAL(0);
                for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
                    REAL total_joint_part = REAL(0);
                    for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                        REAL centred = z[row*J + j] - top_z;
                        REAL log_joint = centred + log_K[j];
                        joint[j] = exp(log_joint - top_joint);
                        total_joint_part += joint[j];
                    }
                    accumulate(total_joint, total_joint_rest, total_joint_part);
                }
                total_joint = block_reduce<Sum>(total_joint, REAL(0), lanes);
                REAL log_p = top_joint + log(total_joint) - log_total_weight;
                REAL log_q = log_add_exp(log_floor[row], log_p);
                REAL share = (log_p == -INFINITE ? REAL(0) : REAL(1)/(REAL(1) + exp(log_floor[row] - log_p)));
                REAL mass = q[row*B + bin]*share;
                explained_part += mass;
                REAL mass_over_total_joint = mass/maximum(REAL(1), total_joint);
                loss_value_part += (q[row*B + bin] == REAL(0) ? REAL(0) : -log_q*q[row*B + bin]);
                if (threadIdx.x == 0) log_density[row*B + bin] = log_p;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    responsibility_part[j] += joint[j]*mass_over_total_joint;
                }
            }
            accumulate(explained, explained_rest, explained_part);
            accumulate(loss_value, loss_value_rest, loss_value_part);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                accumulate(responsibility[j], responsibility_rest[j], responsibility_part[j]);
            }
        }
        REAL explained_over_total_weight = explained/total_weight;
        if (threadIdx.x == 0) loss[row] = loss_value;
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            grad_z[row*J + j] = explained_over_total_weight*weight[j] - responsibility[j];
        }
    }
}


// Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, triangular kernel.
//     {offset}_{r,j} = {a}_{r} - {x}_{r,j}
//     {width}_{r} = - {a}_{r} + {b}_{r}
//     {\rho}_{r} = \frac{{P}_{r}}{{h}_{r}}
//     {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}
//     {\delta^\circ}_{r,b,j} = - \left\lfloor{\frac{{\delta}_{r,b,j}}{{P}_{r}} + \frac{1}{2}}\right\rfloor {P}_{r} + {\delta}_{r,b,j}
//     {u}_{r,b,j} = \frac{{\delta^\circ}_{r,b,j}}{{h}_{r}}
//     {room}_{r,b,j} = \frac{- \left|{{\delta^\circ}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}
//     {\log K}_{r,b,j} = \begin{cases} -\infty & \text{for}\: {room}_{r,b,j} \leq 0 \\\log{\left({room}_{r,b,j} \right)} & \text{otherwise} \end{cases}
//     {k'}_{r,b,j} = \begin{cases} 0 & \text{for}\: {room}_{r,b,j} \leq 0 \\- \frac{\operatorname{sign}{\left({u}_{r,b,j} \right)}}{{room}_{r,b,j}} & \text{otherwise} \end{cases}
//     {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}
//     {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}
//     {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}
//     {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}
//     {m}_{r,b} = {q}_{r,b} {s}_{r,b}
//     {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}
//     {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}
//     {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}
//     {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}
//     {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}
//     {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}
//     {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}
//     {\log p}_{r,b} = {\log p}_{r,b}
// One block per row (and stride over rows); a thread owns j = threadIdx.x, + blockDim.x, ...
// `scratch`: 11*J numbers a block.
extern "C" __global__ void triangular_on_circle(
    const REAL *__restrict__ z, const REAL *__restrict__ points, const REAL *__restrict__ a, const REAL *__restrict__ b, const REAL *__restrict__ h, const REAL *__restrict__ position, const REAL *__restrict__ q, const REAL *__restrict__ log_floor, const REAL *__restrict__ period, long long R, long long B, long long J, REAL *__restrict__ loss, REAL *__restrict__ grad_z, REAL *__restrict__ grad_points, REAL *__restrict__ grad_h, REAL *__restrict__ grad_a, REAL *__restrict__ grad_b, REAL *__restrict__ log_density, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    scratch += blockIdx.x*(11*J);
    REAL *weight = scratch; scratch += J;
    REAL *nearest = scratch; scratch += J;
    REAL *log_K = scratch; scratch += J;
    REAL *slope = scratch; scratch += J;
    REAL *joint = scratch; scratch += J;
    REAL *responsibility = scratch; scratch += J;
    REAL *raw_grad_points = scratch; scratch += J;
    REAL *responsibility_rest = scratch; scratch += J;
    REAL *raw_grad_points_rest = scratch; scratch += J;
    REAL *responsibility_part = scratch; scratch += J;
    REAL *raw_grad_points_part = scratch; scratch += J;
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL width = b[row] - a[row];
        REAL inverse_period = REAL(1)/period[row];
        REAL inverse_h = REAL(1)/h[row];
        REAL top_z = LOWEST;
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            top_z = maximum(top_z, z[row*J + j]);
        }
        top_z = block_reduce<Max>(top_z, LOWEST, lanes);
        REAL total_weight = REAL(0);
        REAL total_weight_rest = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
            REAL total_weight_part = REAL(0);
            for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                REAL centred = z[row*J + j] - top_z;
                weight[j] = exp(centred);
                total_weight_part += weight[j];
            }
            accumulate(total_weight, total_weight_rest, total_weight_part);
        }
        total_weight = block_reduce<Sum>(total_weight, REAL(0), lanes);
        REAL log_total_weight = log(total_weight);
        REAL explained = REAL(0);
        REAL loss_value = REAL(0);
        REAL raw_grad_h = REAL(0);
        REAL raw_grad_a = REAL(0);
        REAL raw_grad_b = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            responsibility[j] = REAL(0);
            raw_grad_points[j] = REAL(0);
        }
        REAL explained_rest = REAL(0);
        REAL loss_value_rest = REAL(0);
        REAL raw_grad_h_rest = REAL(0);
        REAL raw_grad_a_rest = REAL(0);
        REAL raw_grad_b_rest = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            responsibility_rest[j] = REAL(0);
            raw_grad_points_rest[j] = REAL(0);
        }
        for (long long bin_0 = 0; bin_0 < B; bin_0 += 16) {
            REAL explained_part = REAL(0);
            REAL loss_value_part = REAL(0);
            REAL raw_grad_h_part = REAL(0);
            REAL raw_grad_a_part = REAL(0);
            REAL raw_grad_b_part = REAL(0);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                responsibility_part[j] = REAL(0);
                raw_grad_points_part[j] = REAL(0);
            }
            for (long long bin = bin_0; bin < B && bin < bin_0 + 16; bin += 1) {
                REAL top_joint = LOWEST;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    REAL offset = a[row] - points[row*J + j];
                    REAL delta = offset + position[row*B + bin]*width;
                    nearest[j] = delta - period[row]*floor(REAL(1)/REAL(2) + delta*inverse_period);
                    REAL room = inverse_h*(h[row] - fabs(nearest[j]));
                    log_K[j] = (room <= REAL(0) ? -INFINITE : log(room));
                    REAL centred = z[row*J + j] - top_z;
                    REAL log_joint = centred + log_K[j];
                    top_joint = maximum(top_joint, log_joint);
                }
                top_joint = block_reduce<Max>(top_joint, LOWEST, lanes);
                REAL total_joint = REAL(0);
                REAL raw_pull = REAL(0);
                REAL raw_stretch = REAL(0);
                REAL total_joint_rest = REAL(0);
                REAL raw_pull_rest = REAL(0);
                REAL raw_stretch_rest = REAL(0);
                for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
                    REAL total_joint_part = REAL(0);
                    REAL raw_pull_part = REAL(0);
                    REAL raw_stretch_part = REAL(0);
                    for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                        REAL room = inverse_h*(h[row] - fabs(nearest[j]));
                        REAL u = inverse_h*nearest[j];
                        slope[j] = (room <= REAL(0) ? REAL(0) : -sign(u)/room);
                        REAL centred = z[row*J + j] - top_z;
                        REAL log_joint = centred + log_K[j];
                        joint[j] = exp(log_joint - top_joint);
                        total_joint_part += joint[j];
                        raw_pull_part += joint[j]*slope[j];
                        raw_stretch_part += joint[j]*slope[j]*u;
                    }
                    accumulate(total_joint, total_joint_rest, total_joint_part);
                    accumulate(raw_pull, raw_pull_rest, raw_pull_part);
                    accumulate(raw_stretch, raw_stretch_rest, raw_stretch_part);
                }
                total_joint = block_reduce<Sum>(total_joint, REAL(0), lanes);
                raw_pull = block_reduce<Sum>(raw_pull, REAL(0), lanes);
                raw_stretch = block_reduce<Sum>(raw_stretch, REAL(0), lanes);
                REAL pull = raw_pull/maximum(REAL(1), total_joint);
                REAL stretch = raw_stretch/maximum(REAL(1), total_joint);
                REAL log_p = top_joint + log(total_joint) - log_total_weight;
                REAL log_q = log_add_exp(log_floor[row], log_p);
                REAL share = (log_p == -INFINITE ? REAL(0) : REAL(1)/(REAL(1) + exp(log_floor[row] - log_p)));
                REAL mass = q[row*B + bin]*share;
                explained_part += mass;
                REAL mass_over_total_joint = mass/maximum(REAL(1), total_joint);
                loss_value_part += (q[row*B + bin] == REAL(0) ? REAL(0) : -log_q*q[row*B + bin]);
                raw_grad_h_part += mass*stretch;
                raw_grad_a_part += mass*pull*(REAL(1) - position[row*B + bin]);
                raw_grad_b_part += mass*position[row*B + bin]*pull;
                if (threadIdx.x == 0) log_density[row*B + bin] = log_p;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    responsibility_part[j] += joint[j]*mass_over_total_joint;
                    raw_grad_points_part[j] += joint[j]*mass_over_total_joint*slope[j];
                }
            }
            accumulate(explained, explained_rest, explained_part);
            accumulate(loss_value, loss_value_rest, loss_value_part);
            accumulate(raw_grad_h, raw_grad_h_rest, raw_grad_h_part);
            accumulate(raw_grad_a, raw_grad_a_rest, raw_grad_a_part);
            accumulate(raw_grad_b, raw_grad_b_rest, raw_grad_b_part);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                accumulate(responsibility[j], responsibility_rest[j], responsibility_part[j]);
                accumulate(raw_grad_points[j], raw_grad_points_rest[j], raw_grad_points_part[j]);
            }
        }
        REAL explained_over_total_weight = explained/total_weight;
        if (threadIdx.x == 0) grad_h[row] = raw_grad_h/h[row];
        if (threadIdx.x == 0) grad_a[row] = -raw_grad_a/h[row];
        if (threadIdx.x == 0) grad_b[row] = -raw_grad_b/h[row];
        if (threadIdx.x == 0) loss[row] = loss_value;
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            grad_z[row*J + j] = explained_over_total_weight*weight[j] - responsibility[j];
            grad_points[row*J + j] = inverse_h*raw_grad_points[j];
        }
    }
}


// Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, epanechnikov kernel.
//     {offset}_{r,j} = {a}_{r} - {x}_{r,j}
//     {width}_{r} = - {a}_{r} + {b}_{r}
//     {\rho}_{r} = \frac{{P}_{r}}{{h}_{r}}
//     {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}
//     {\delta^\circ}_{r,b,j} = - \left\lfloor{\frac{{\delta}_{r,b,j}}{{P}_{r}} + \frac{1}{2}}\right\rfloor {P}_{r} + {\delta}_{r,b,j}
//     {u}_{r,b,j} = \frac{{\delta^\circ}_{r,b,j}}{{h}_{r}}
//     {room}_{r,b,j} = \frac{- \left|{{\delta^\circ}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}
//     {\log K}_{r,b,j} = \begin{cases} -\infty & \text{for}\: {room}_{r,b,j} \leq 0 \\\log{\left(\left|{{u}_{r,b,j}}\right| + 1 \right)} + \log{\left({room}_{r,b,j} \right)} & \text{otherwise} \end{cases}
//     {k'}_{r,b,j} = \begin{cases} 0 & \text{for}\: {room}_{r,b,j} \leq 0 \\- \frac{\operatorname{sign}{\left({u}_{r,b,j} \right)}}{{room}_{r,b,j}} + \frac{\operatorname{sign}{\left({u}_{r,b,j} \right)}}{\left|{{u}_{r,b,j}}\right| + 1} & \text{otherwise} \end{cases}
//     {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}
//     {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}
//     {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}
//     {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}
//     {m}_{r,b} = {q}_{r,b} {s}_{r,b}
//     {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}
//     {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}
//     {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}
//     {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}
//     {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}
//     {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}
//     {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}
//     {\log p}_{r,b} = {\log p}_{r,b}
// One block per row (and stride over rows); a thread owns j = threadIdx.x, + blockDim.x, ...
// `scratch`: 11*J numbers a block.
extern "C" __global__ void epanechnikov_on_circle(
    const REAL *__restrict__ z, const REAL *__restrict__ points, const REAL *__restrict__ a, const REAL *__restrict__ b, const REAL *__restrict__ h, const REAL *__restrict__ position, const REAL *__restrict__ q, const REAL *__restrict__ log_floor, const REAL *__restrict__ period, long long R, long long B, long long J, REAL *__restrict__ loss, REAL *__restrict__ grad_z, REAL *__restrict__ grad_points, REAL *__restrict__ grad_h, REAL *__restrict__ grad_a, REAL *__restrict__ grad_b, REAL *__restrict__ log_density, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    scratch += blockIdx.x*(11*J);
    REAL *weight = scratch; scratch += J;
    REAL *nearest = scratch; scratch += J;
    REAL *log_K = scratch; scratch += J;
    REAL *slope = scratch; scratch += J;
    REAL *joint = scratch; scratch += J;
    REAL *responsibility = scratch; scratch += J;
    REAL *raw_grad_points = scratch; scratch += J;
    REAL *responsibility_rest = scratch; scratch += J;
    REAL *raw_grad_points_rest = scratch; scratch += J;
    REAL *responsibility_part = scratch; scratch += J;
    REAL *raw_grad_points_part = scratch; scratch += J;
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL width = b[row] - a[row];
        REAL inverse_period = REAL(1)/period[row];
        REAL inverse_h = REAL(1)/h[row];
        REAL top_z = LOWEST;
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            top_z = maximum(top_z, z[row*J + j]);
        }
        top_z = block_reduce<Max>(top_z, LOWEST, lanes);
        REAL total_weight = REAL(0);
        REAL total_weight_rest = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
            REAL total_weight_part = REAL(0);
            for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                REAL centred = z[row*J + j] - top_z;
                weight[j] = exp(centred);
                total_weight_part += weight[j];
            }
            accumulate(total_weight, total_weight_rest, total_weight_part);
        }
        total_weight = block_reduce<Sum>(total_weight, REAL(0), lanes);
        REAL log_total_weight = log(total_weight);
        REAL explained = REAL(0);
        REAL loss_value = REAL(0);
        REAL raw_grad_h = REAL(0);
        REAL raw_grad_a = REAL(0);
        REAL raw_grad_b = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            responsibility[j] = REAL(0);
            raw_grad_points[j] = REAL(0);
        }
        REAL explained_rest = REAL(0);
        REAL loss_value_rest = REAL(0);
        REAL raw_grad_h_rest = REAL(0);
        REAL raw_grad_a_rest = REAL(0);
        REAL raw_grad_b_rest = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            responsibility_rest[j] = REAL(0);
            raw_grad_points_rest[j] = REAL(0);
        }
        for (long long bin_0 = 0; bin_0 < B; bin_0 += 16) {
            REAL explained_part = REAL(0);
            REAL loss_value_part = REAL(0);
            REAL raw_grad_h_part = REAL(0);
            REAL raw_grad_a_part = REAL(0);
            REAL raw_grad_b_part = REAL(0);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                responsibility_part[j] = REAL(0);
                raw_grad_points_part[j] = REAL(0);
            }
            for (long long bin = bin_0; bin < B && bin < bin_0 + 16; bin += 1) {
                REAL top_joint = LOWEST;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    REAL offset = a[row] - points[row*J + j];
                    REAL delta = offset + position[row*B + bin]*width;
                    nearest[j] = delta - period[row]*floor(REAL(1)/REAL(2) + delta*inverse_period);
                    REAL room = inverse_h*(h[row] - fabs(nearest[j]));
                    REAL u = inverse_h*nearest[j];
                    log_K[j] = (room <= REAL(0) ? -INFINITE : log(room) + log1p(fabs(u)));
                    REAL centred = z[row*J + j] - top_z;
                    REAL log_joint = centred + log_K[j];
                    top_joint = maximum(top_joint, log_joint);
                }
                top_joint = block_reduce<Max>(top_joint, LOWEST, lanes);
                REAL total_joint = REAL(0);
                REAL raw_pull = REAL(0);
                REAL raw_stretch = REAL(0);
                REAL total_joint_rest = REAL(0);
                REAL raw_pull_rest = REAL(0);
                REAL raw_stretch_rest = REAL(0);
                for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
                    REAL total_joint_part = REAL(0);
                    REAL raw_pull_part = REAL(0);
                    REAL raw_stretch_part = REAL(0);
                    for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                        REAL room = inverse_h*(h[row] - fabs(nearest[j]));
                        REAL u = inverse_h*nearest[j];
                        slope[j] = (room <= REAL(0) ? REAL(0) : sign(u)/(REAL(1) + fabs(u)) - sign(u)/room);
                        REAL centred = z[row*J + j] - top_z;
                        REAL log_joint = centred + log_K[j];
                        joint[j] = exp(log_joint - top_joint);
                        total_joint_part += joint[j];
                        raw_pull_part += joint[j]*slope[j];
                        raw_stretch_part += joint[j]*slope[j]*u;
                    }
                    accumulate(total_joint, total_joint_rest, total_joint_part);
                    accumulate(raw_pull, raw_pull_rest, raw_pull_part);
                    accumulate(raw_stretch, raw_stretch_rest, raw_stretch_part);
                }
                total_joint = block_reduce<Sum>(total_joint, REAL(0), lanes);
                raw_pull = block_reduce<Sum>(raw_pull, REAL(0), lanes);
                raw_stretch = block_reduce<Sum>(raw_stretch, REAL(0), lanes);
                REAL pull = raw_pull/maximum(REAL(1), total_joint);
                REAL stretch = raw_stretch/maximum(REAL(1), total_joint);
                REAL log_p = top_joint + log(total_joint) - log_total_weight;
                REAL log_q = log_add_exp(log_floor[row], log_p);
                REAL share = (log_p == -INFINITE ? REAL(0) : REAL(1)/(REAL(1) + exp(log_floor[row] - log_p)));
                REAL mass = q[row*B + bin]*share;
                explained_part += mass;
                REAL mass_over_total_joint = mass/maximum(REAL(1), total_joint);
                loss_value_part += (q[row*B + bin] == REAL(0) ? REAL(0) : -log_q*q[row*B + bin]);
                raw_grad_h_part += mass*stretch;
                raw_grad_a_part += mass*pull*(REAL(1) - position[row*B + bin]);
                raw_grad_b_part += mass*position[row*B + bin]*pull;
                if (threadIdx.x == 0) log_density[row*B + bin] = log_p;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    responsibility_part[j] += joint[j]*mass_over_total_joint;
                    raw_grad_points_part[j] += joint[j]*mass_over_total_joint*slope[j];
                }
            }
            accumulate(explained, explained_rest, explained_part);
            accumulate(loss_value, loss_value_rest, loss_value_part);
            accumulate(raw_grad_h, raw_grad_h_rest, raw_grad_h_part);
            accumulate(raw_grad_a, raw_grad_a_rest, raw_grad_a_part);
            accumulate(raw_grad_b, raw_grad_b_rest, raw_grad_b_part);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                accumulate(responsibility[j], responsibility_rest[j], responsibility_part[j]);
                accumulate(raw_grad_points[j], raw_grad_points_rest[j], raw_grad_points_part[j]);
            }
        }
        REAL explained_over_total_weight = explained/total_weight;
        if (threadIdx.x == 0) grad_h[row] = raw_grad_h/h[row];
        if (threadIdx.x == 0) grad_a[row] = -raw_grad_a/h[row];
        if (threadIdx.x == 0) grad_b[row] = -raw_grad_b/h[row];
        if (threadIdx.x == 0) loss[row] = loss_value;
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            grad_z[row*J + j] = explained_over_total_weight*weight[j] - responsibility[j];
            grad_points[row*J + j] = inverse_h*raw_grad_points[j];
        }
    }
}


// Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, cauchy kernel.
//     {offset}_{r,j} = {a}_{r} - {x}_{r,j}
//     {width}_{r} = - {a}_{r} + {b}_{r}
//     {\rho}_{r} = \frac{{P}_{r}}{{h}_{r}}
//     {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}
//     {\delta^\circ}_{r,b,j} = - \left\lfloor{\frac{{\delta}_{r,b,j}}{{P}_{r}} + \frac{1}{2}}\right\rfloor {P}_{r} + {\delta}_{r,b,j}
//     {u}_{r,b,j} = \frac{{\delta^\circ}_{r,b,j}}{{h}_{r}}
//     {room}_{r,b,j} = \frac{- \left|{{\delta^\circ}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}
//     {\log K}_{r,b,j} = - \log{\left({u}_{r,b,j}^{2} + 1 \right)}
//     {k'}_{r,b,j} = - \frac{2 {u}_{r,b,j}}{{u}_{r,b,j}^{2} + 1}
//     {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\sigma}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j} {u}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}
//     {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}
//     {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}
//     {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}
//     {m}_{r,b} = {q}_{r,b} {s}_{r,b}
//     {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}
//     {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}
//     {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}
//     {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}
//     {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}
//     {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}
//     {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}
//     {\log p}_{r,b} = {\log p}_{r,b}
// One block per row (and stride over rows); a thread owns j = threadIdx.x, + blockDim.x, ...
// `scratch`: 11*J numbers a block.
extern "C" __global__ void cauchy_on_circle(
    const REAL *__restrict__ z, const REAL *__restrict__ points, const REAL *__restrict__ a, const REAL *__restrict__ b, const REAL *__restrict__ h, const REAL *__restrict__ position, const REAL *__restrict__ q, const REAL *__restrict__ log_floor, const REAL *__restrict__ period, long long R, long long B, long long J, REAL *__restrict__ loss, REAL *__restrict__ grad_z, REAL *__restrict__ grad_points, REAL *__restrict__ grad_h, REAL *__restrict__ grad_a, REAL *__restrict__ grad_b, REAL *__restrict__ log_density, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    scratch += blockIdx.x*(11*J);
    REAL *weight = scratch; scratch += J;
    REAL *nearest = scratch; scratch += J;
    REAL *log_K = scratch; scratch += J;
    REAL *slope = scratch; scratch += J;
    REAL *joint = scratch; scratch += J;
    REAL *responsibility = scratch; scratch += J;
    REAL *raw_grad_points = scratch; scratch += J;
    REAL *responsibility_rest = scratch; scratch += J;
    REAL *raw_grad_points_rest = scratch; scratch += J;
    REAL *responsibility_part = scratch; scratch += J;
    REAL *raw_grad_points_part = scratch; scratch += J;
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL width = b[row] - a[row];
        REAL inverse_period = REAL(1)/period[row];
        REAL inverse_h = REAL(1)/h[row];
        REAL top_z = LOWEST;
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            top_z = maximum(top_z, z[row*J + j]);
        }
        top_z = block_reduce<Max>(top_z, LOWEST, lanes);
        REAL total_weight = REAL(0);
        REAL total_weight_rest = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
            REAL total_weight_part = REAL(0);
            for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                REAL centred = z[row*J + j] - top_z;
                weight[j] = exp(centred);
                total_weight_part += weight[j];
            }
            accumulate(total_weight, total_weight_rest, total_weight_part);
        }
        total_weight = block_reduce<Sum>(total_weight, REAL(0), lanes);
        REAL log_total_weight = log(total_weight);
        REAL explained = REAL(0);
        REAL loss_value = REAL(0);
        REAL raw_grad_h = REAL(0);
        REAL raw_grad_a = REAL(0);
        REAL raw_grad_b = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            responsibility[j] = REAL(0);
            raw_grad_points[j] = REAL(0);
        }
        REAL explained_rest = REAL(0);
        REAL loss_value_rest = REAL(0);
        REAL raw_grad_h_rest = REAL(0);
        REAL raw_grad_a_rest = REAL(0);
        REAL raw_grad_b_rest = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            responsibility_rest[j] = REAL(0);
            raw_grad_points_rest[j] = REAL(0);
        }
        for (long long bin_0 = 0; bin_0 < B; bin_0 += 16) {
            REAL explained_part = REAL(0);
            REAL loss_value_part = REAL(0);
            REAL raw_grad_h_part = REAL(0);
            REAL raw_grad_a_part = REAL(0);
            REAL raw_grad_b_part = REAL(0);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                responsibility_part[j] = REAL(0);
                raw_grad_points_part[j] = REAL(0);
            }
            for (long long bin = bin_0; bin < B && bin < bin_0 + 16; bin += 1) {
                REAL top_joint = LOWEST;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    REAL offset = a[row] - points[row*J + j];
                    REAL delta = offset + position[row*B + bin]*width;
                    nearest[j] = delta - period[row]*floor(REAL(1)/REAL(2) + delta*inverse_period);
                    REAL u = inverse_h*nearest[j];
                    log_K[j] = -log1p((u*u));
                    REAL centred = z[row*J + j] - top_z;
                    REAL log_joint = centred + log_K[j];
                    top_joint = maximum(top_joint, log_joint);
                }
                top_joint = block_reduce<Max>(top_joint, LOWEST, lanes);
                REAL total_joint = REAL(0);
                REAL raw_pull = REAL(0);
                REAL raw_stretch = REAL(0);
                REAL total_joint_rest = REAL(0);
                REAL raw_pull_rest = REAL(0);
                REAL raw_stretch_rest = REAL(0);
                for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
                    REAL total_joint_part = REAL(0);
                    REAL raw_pull_part = REAL(0);
                    REAL raw_stretch_part = REAL(0);
                    for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                        REAL u = inverse_h*nearest[j];
                        slope[j] = -REAL(2)*u/(REAL(1) + (u*u));
                        REAL centred = z[row*J + j] - top_z;
                        REAL log_joint = centred + log_K[j];
                        joint[j] = exp(log_joint - top_joint);
                        total_joint_part += joint[j];
                        raw_pull_part += joint[j]*slope[j];
                        raw_stretch_part += joint[j]*slope[j]*u;
                    }
                    accumulate(total_joint, total_joint_rest, total_joint_part);
                    accumulate(raw_pull, raw_pull_rest, raw_pull_part);
                    accumulate(raw_stretch, raw_stretch_rest, raw_stretch_part);
                }
                total_joint = block_reduce<Sum>(total_joint, REAL(0), lanes);
                raw_pull = block_reduce<Sum>(raw_pull, REAL(0), lanes);
                raw_stretch = block_reduce<Sum>(raw_stretch, REAL(0), lanes);
                REAL pull = raw_pull/maximum(REAL(1), total_joint);
                REAL stretch = raw_stretch/maximum(REAL(1), total_joint);
                REAL log_p = top_joint + log(total_joint) - log_total_weight;
                REAL log_q = log_add_exp(log_floor[row], log_p);
                REAL share = (log_p == -INFINITE ? REAL(0) : REAL(1)/(REAL(1) + exp(log_floor[row] - log_p)));
                REAL mass = q[row*B + bin]*share;
                explained_part += mass;
                REAL mass_over_total_joint = mass/maximum(REAL(1), total_joint);
                loss_value_part += (q[row*B + bin] == REAL(0) ? REAL(0) : -log_q*q[row*B + bin]);
                raw_grad_h_part += mass*stretch;
                raw_grad_a_part += mass*pull*(REAL(1) - position[row*B + bin]);
                raw_grad_b_part += mass*position[row*B + bin]*pull;
                if (threadIdx.x == 0) log_density[row*B + bin] = log_p;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    responsibility_part[j] += joint[j]*mass_over_total_joint;
                    raw_grad_points_part[j] += joint[j]*mass_over_total_joint*slope[j];
                }
            }
            accumulate(explained, explained_rest, explained_part);
            accumulate(loss_value, loss_value_rest, loss_value_part);
            accumulate(raw_grad_h, raw_grad_h_rest, raw_grad_h_part);
            accumulate(raw_grad_a, raw_grad_a_rest, raw_grad_a_part);
            accumulate(raw_grad_b, raw_grad_b_rest, raw_grad_b_part);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                accumulate(responsibility[j], responsibility_rest[j], responsibility_part[j]);
                accumulate(raw_grad_points[j], raw_grad_points_rest[j], raw_grad_points_part[j]);
            }
        }
        REAL explained_over_total_weight = explained/total_weight;
        if (threadIdx.x == 0) grad_h[row] = raw_grad_h/h[row];
        if (threadIdx.x == 0) grad_a[row] = -raw_grad_a/h[row];
        if (threadIdx.x == 0) grad_b[row] = -raw_grad_b/h[row];
        if (threadIdx.x == 0) loss[row] = loss_value;
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            grad_z[row*J + j] = explained_over_total_weight*weight[j] - responsibility[j];
            grad_points[row*J + j] = inverse_h*raw_grad_points[j];
        }
    }
}


// Cross-entropy of bins on [a, b] against a kernel density estimate on a circle, von_mises kernel.
//     {offset}_{r,j} = {a}_{r} - {x}_{r,j}
//     {width}_{r} = - {a}_{r} + {b}_{r}
//     {\rho}_{r} = \frac{{P}_{r}}{{h}_{r}}
//     {\delta}_{r,b,j} = {offset}_{r,j} + {t}_{r,b} {width}_{r}
//     {\delta^\circ}_{r,b,j} = - \left\lfloor{\frac{{\delta}_{r,b,j}}{{P}_{r}} + \frac{1}{2}}\right\rfloor {P}_{r} + {\delta}_{r,b,j}
//     {u}_{r,b,j} = \frac{{\delta^\circ}_{r,b,j}}{{h}_{r}}
//     {room}_{r,b,j} = \frac{- \left|{{\delta^\circ}_{r,b,j}}\right| + {h}_{r}}{{h}_{r}}
//     {\log K}_{r,b,j} = - \frac{\sin^{2}{\left(\frac{\pi {u}_{r,b,j}}{{\rho}_{r}} \right)} {\rho}_{r}^{2}}{2 \pi^{2}}
//     {k'}_{r,b,j} = - \frac{\sin{\left(\frac{\pi {u}_{r,b,j}}{{\rho}_{r}} \right)} \cos{\left(\frac{\pi {u}_{r,b,j}}{{\rho}_{r}} \right)} {\rho}_{r}}{\pi}
//     {\pi}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\sigma}_{r,b} = \sum_{j=0}^{J - 1} - \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \sin^{2}{\left(\frac{\pi {u}_{r,b,j}}{{\rho}_{r}} \right)} {\rho}_{r}^{2}}{\pi^{2} \sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}
//     {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}
//     {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}
//     {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}
//     {m}_{r,b} = {q}_{r,b} {s}_{r,b}
//     {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}
//     {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}
//     {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}
//     {\partial L/\partial x}_{r,j} = \frac{\sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b} {k'}_{r,b,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}}{{h}_{r}}
//     {\partial L/\partial h}_{r} = \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {\sigma}_{r,b}}{{h}_{r}}
//     {\partial L/\partial a}_{r} = - \frac{\sum_{b=0}^{B - 1} \left(1 - {t}_{r,b}\right) {m}_{r,b} {\pi}_{r,b}}{{h}_{r}}
//     {\partial L/\partial b}_{r} = - \frac{\sum_{b=0}^{B - 1} {m}_{r,b} {t}_{r,b} {\pi}_{r,b}}{{h}_{r}}
//     {\log p}_{r,b} = {\log p}_{r,b}
// One block per row (and stride over rows); a thread owns j = threadIdx.x, + blockDim.x, ...
// `scratch`: 11*J numbers a block.
extern "C" __global__ void von_mises_on_circle(
    const REAL *__restrict__ z, const REAL *__restrict__ points, const REAL *__restrict__ a, const REAL *__restrict__ b, const REAL *__restrict__ h, const REAL *__restrict__ position, const REAL *__restrict__ q, const REAL *__restrict__ log_floor, const REAL *__restrict__ period, long long R, long long B, long long J, REAL *__restrict__ loss, REAL *__restrict__ grad_z, REAL *__restrict__ grad_points, REAL *__restrict__ grad_h, REAL *__restrict__ grad_a, REAL *__restrict__ grad_b, REAL *__restrict__ log_density, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    scratch += blockIdx.x*(11*J);
    REAL *weight = scratch; scratch += J;
    REAL *nearest = scratch; scratch += J;
    REAL *log_K = scratch; scratch += J;
    REAL *slope = scratch; scratch += J;
    REAL *joint = scratch; scratch += J;
    REAL *responsibility = scratch; scratch += J;
    REAL *raw_grad_points = scratch; scratch += J;
    REAL *responsibility_rest = scratch; scratch += J;
    REAL *raw_grad_points_rest = scratch; scratch += J;
    REAL *responsibility_part = scratch; scratch += J;
    REAL *raw_grad_points_part = scratch; scratch += J;
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL width = b[row] - a[row];
        REAL turn = period[row]/h[row];
        REAL inverse_period = REAL(1)/period[row];
        REAL inverse_h = REAL(1)/h[row];
        REAL inverse_turn = REAL(1)/turn;
        REAL top_z = LOWEST;
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            top_z = maximum(top_z, z[row*J + j]);
        }
        top_z = block_reduce<Max>(top_z, LOWEST, lanes);
        REAL total_weight = REAL(0);
        REAL total_weight_rest = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
            REAL total_weight_part = REAL(0);
            for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                REAL centred = z[row*J + j] - top_z;
                weight[j] = exp(centred);
                total_weight_part += weight[j];
            }
            accumulate(total_weight, total_weight_rest, total_weight_part);
        }
        total_weight = block_reduce<Sum>(total_weight, REAL(0), lanes);
        REAL log_total_weight = log(total_weight);
        REAL explained = REAL(0);
        REAL loss_value = REAL(0);
        REAL raw_grad_h = REAL(0);
        REAL raw_grad_a = REAL(0);
        REAL raw_grad_b = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            responsibility[j] = REAL(0);
            raw_grad_points[j] = REAL(0);
        }
        REAL explained_rest = REAL(0);
        REAL loss_value_rest = REAL(0);
        REAL raw_grad_h_rest = REAL(0);
        REAL raw_grad_a_rest = REAL(0);
        REAL raw_grad_b_rest = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            responsibility_rest[j] = REAL(0);
            raw_grad_points_rest[j] = REAL(0);
        }
        for (long long bin_0 = 0; bin_0 < B; bin_0 += 16) {
            REAL explained_part = REAL(0);
            REAL loss_value_part = REAL(0);
            REAL raw_grad_h_part = REAL(0);
            REAL raw_grad_a_part = REAL(0);
            REAL raw_grad_b_part = REAL(0);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                responsibility_part[j] = REAL(0);
                raw_grad_points_part[j] = REAL(0);
            }
            for (long long bin = bin_0; bin < B && bin < bin_0 + 16; bin += 1) {
                REAL top_joint = LOWEST;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    REAL offset = a[row] - points[row*J + j];
                    REAL delta = offset + position[row*B + bin]*width;
                    nearest[j] = delta - period[row]*floor(REAL(1)/REAL(2) + delta*inverse_period);
                    REAL u = inverse_h*nearest[j];
                    log_K[j] = -REAL(1)/REAL(2)*(turn*turn)*(sinpi(inverse_turn*u)*sinpi(inverse_turn*u))/(REAL(3.14159265358979323846)*REAL(3.14159265358979323846));
                    REAL centred = z[row*J + j] - top_z;
                    REAL log_joint = centred + log_K[j];
                    top_joint = maximum(top_joint, log_joint);
                }
                top_joint = block_reduce<Max>(top_joint, LOWEST, lanes);
                REAL total_joint = REAL(0);
                REAL raw_pull = REAL(0);
                REAL raw_stretch = REAL(0);
                REAL total_joint_rest = REAL(0);
                REAL raw_pull_rest = REAL(0);
                REAL raw_stretch_rest = REAL(0);
                for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
                    REAL total_joint_part = REAL(0);
                    REAL raw_pull_part = REAL(0);
                    REAL raw_stretch_part = REAL(0);
                    for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                        REAL u = inverse_h*nearest[j];
                        slope[j] = -turn*sinpi(inverse_turn*u)*cospi(inverse_turn*u)/REAL(3.14159265358979323846);
                        REAL centred = z[row*J + j] - top_z;
                        REAL log_joint = centred + log_K[j];
                        joint[j] = exp(log_joint - top_joint);
                        total_joint_part += joint[j];
                        raw_pull_part += joint[j]*slope[j];
                        raw_stretch_part += joint[j]*(sinpi(inverse_turn*u)*sinpi(inverse_turn*u));
                    }
                    accumulate(total_joint, total_joint_rest, total_joint_part);
                    accumulate(raw_pull, raw_pull_rest, raw_pull_part);
                    accumulate(raw_stretch, raw_stretch_rest, raw_stretch_part);
                }
                total_joint = block_reduce<Sum>(total_joint, REAL(0), lanes);
                raw_pull = block_reduce<Sum>(raw_pull, REAL(0), lanes);
                raw_stretch = block_reduce<Sum>(raw_stretch, REAL(0), lanes);
                REAL pull = raw_pull/maximum(REAL(1), total_joint);
                REAL stretch = -raw_stretch*(turn*turn)/((REAL(3.14159265358979323846)*REAL(3.14159265358979323846))*maximum(REAL(1), total_joint));
                REAL log_p = top_joint + log(total_joint) - log_total_weight;
                REAL log_q = log_add_exp(log_floor[row], log_p);
                REAL share = (log_p == -INFINITE ? REAL(0) : REAL(1)/(REAL(1) + exp(log_floor[row] - log_p)));
                REAL mass = q[row*B + bin]*share;
                explained_part += mass;
                REAL mass_over_total_joint = mass/maximum(REAL(1), total_joint);
                loss_value_part += (q[row*B + bin] == REAL(0) ? REAL(0) : -log_q*q[row*B + bin]);
                raw_grad_h_part += mass*stretch;
                raw_grad_a_part += mass*pull*(REAL(1) - position[row*B + bin]);
                raw_grad_b_part += mass*position[row*B + bin]*pull;
                if (threadIdx.x == 0) log_density[row*B + bin] = log_p;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    responsibility_part[j] += joint[j]*mass_over_total_joint;
                    raw_grad_points_part[j] += joint[j]*mass_over_total_joint*slope[j];
                }
            }
            accumulate(explained, explained_rest, explained_part);
            accumulate(loss_value, loss_value_rest, loss_value_part);
            accumulate(raw_grad_h, raw_grad_h_rest, raw_grad_h_part);
            accumulate(raw_grad_a, raw_grad_a_rest, raw_grad_a_part);
            accumulate(raw_grad_b, raw_grad_b_rest, raw_grad_b_part);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                accumulate(responsibility[j], responsibility_rest[j], responsibility_part[j]);
                accumulate(raw_grad_points[j], raw_grad_points_rest[j], raw_grad_points_part[j]);
            }
        }
        REAL explained_over_total_weight = explained/total_weight;
        if (threadIdx.x == 0) grad_h[row] = raw_grad_h/h[row];
        if (threadIdx.x == 0) grad_a[row] = -raw_grad_a/h[row];
        if (threadIdx.x == 0) grad_b[row] = -raw_grad_b/h[row];
        if (threadIdx.x == 0) loss[row] = loss_value;
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            grad_z[row*J + j] = explained_over_total_weight*weight[j] - responsibility[j];
            grad_points[row*J + j] = inverse_h*raw_grad_points[j];
        }
    }
}
