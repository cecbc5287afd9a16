// Generated from derivations/mixture_ce.py. Do not edit: change the derivation and run `make generate`.
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

// Cross-entropy of bin masses against a softmax-weighted mixture.
//     {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}
//     {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}
//     {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}
//     {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}
//     {m}_{r,b} = {q}_{r,b} {s}_{r,b}
//     {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}
//     {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {L}_{r} = \sum_{b=0}^{B - 1} \begin{cases} 0 & \text{for}\: {q}_{r,b} = 0 \\- {\log(p+f)}_{r,b} {q}_{r,b} & \text{otherwise} \end{cases}
//     {\partial L/\partial z}_{r,j} = \frac{e^{{\tilde z}_{r,j}} {M}_{r}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - {\bar R}_{r,j}
//     {\partial L/\partial\log K}_{r,b,j} = - \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\partial L/\partial q}_{r,b} = - {\log(p+f)}_{r,b}
// One block per row (and stride over rows); a thread owns j = threadIdx.x, + blockDim.x, ...
// `scratch`: 5*J numbers a block.
extern "C" __global__ void mixture_ce(
    const REAL *__restrict__ z, const REAL *__restrict__ log_K, const REAL *__restrict__ q, const REAL *__restrict__ log_floor, long long R, long long B, long long J, REAL *__restrict__ loss, REAL *__restrict__ grad_z, REAL *__restrict__ grad_log_K, REAL *__restrict__ grad_q, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    scratch += blockIdx.x*(5*J);
    REAL *weight = scratch; scratch += J;
    REAL *joint = scratch; scratch += J;
    REAL *responsibility = scratch; scratch += J;
    REAL *responsibility_rest = scratch; scratch += J;
    REAL *responsibility_part = scratch; scratch += J;
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
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
                    REAL centred = z[row*J + j] - top_z;
                    REAL log_joint = centred + log_K[(row*B + bin)*J + j];
                    top_joint = maximum(top_joint, log_joint);
                }
                top_joint = block_reduce<Max>(top_joint, LOWEST, lanes);
                REAL total_joint = REAL(0);
                REAL total_joint_rest = REAL(0);
                for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
                    REAL total_joint_part = REAL(0);
                    for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                        REAL centred = z[row*J + j] - top_z;
                        REAL log_joint = centred + log_K[(row*B + bin)*J + j];
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
                if (threadIdx.x == 0) grad_q[row*B + bin] = -log_q;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    responsibility_part[j] += joint[j]*mass_over_total_joint;
                    grad_log_K[(row*B + bin)*J + j] = -joint[j]*mass_over_total_joint;
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


// Logarithm of the mean responsibilities of a softmax-weighted mixture.
//     {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}
//     {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}
//     {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}
//     {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}
//     {m}_{r,b} = {q}_{r,b} {s}_{r,b}
//     {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}
//     {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\lambda}_{r,b} = \begin{cases} -\infty & \text{for}\: {m}_{r,b} = 0 \\\log{\left({m}_{r,b} \right)} - {\log p}_{r,b} & \text{otherwise} \end{cases}
//     {\log R}_{r,j} = \log{\left(\sum_{b=0}^{B - 1} e^{{\log K}_{r,b,j} + {\lambda}_{r,b}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)} + {\tilde z}_{r,j}
// One block per row (and stride over rows); a thread owns j = threadIdx.x, + blockDim.x, ...
// `scratch`: B + 4*J numbers a block.
extern "C" __global__ void mixture_log_responsibility(
    const REAL *__restrict__ z, const REAL *__restrict__ log_K, const REAL *__restrict__ q, const REAL *__restrict__ log_floor, long long R, long long B, long long J, REAL *__restrict__ log_R, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    scratch += blockIdx.x*(B + 4*J);
    REAL *log_of_bin = scratch; scratch += B;
    REAL *top_part_of_log_R = scratch; scratch += J;
    REAL *total_part_of_log_R = scratch; scratch += J;
    REAL *total_part_of_log_R_rest = scratch; scratch += J;
    REAL *total_part_of_log_R_part = scratch; scratch += J;
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
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
                REAL weight = exp(centred);
                total_weight_part += weight;
            }
            accumulate(total_weight, total_weight_rest, total_weight_part);
        }
        total_weight = block_reduce<Sum>(total_weight, REAL(0), lanes);
        REAL log_total_weight = log(total_weight);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            top_part_of_log_R[j] = LOWEST;
        }
        for (long long bin = 0; bin < B; bin += 1) {
            REAL top_joint = LOWEST;
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                REAL centred = z[row*J + j] - top_z;
                REAL log_joint = centred + log_K[(row*B + bin)*J + j];
                top_joint = maximum(top_joint, log_joint);
            }
            top_joint = block_reduce<Max>(top_joint, LOWEST, lanes);
            REAL total_joint = REAL(0);
            REAL total_joint_rest = REAL(0);
            for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
                REAL total_joint_part = REAL(0);
                for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                    REAL centred = z[row*J + j] - top_z;
                    REAL log_joint = centred + log_K[(row*B + bin)*J + j];
                    REAL joint = exp(log_joint - top_joint);
                    total_joint_part += joint;
                }
                accumulate(total_joint, total_joint_rest, total_joint_part);
            }
            total_joint = block_reduce<Sum>(total_joint, REAL(0), lanes);
            REAL log_p = top_joint + log(total_joint) - log_total_weight;
            REAL share = (log_p == -INFINITE ? REAL(0) : REAL(1)/(REAL(1) + exp(log_floor[row] - log_p)));
            REAL mass = q[row*B + bin]*share;
            if (threadIdx.x == 0) log_of_bin[bin] = (mass == REAL(0) ? -INFINITE : log(mass) - log_p);
            __syncthreads();
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                REAL log_part_of_log_R = log_K[(row*B + bin)*J + j] + log_of_bin[bin];
                top_part_of_log_R[j] = maximum(top_part_of_log_R[j], log_part_of_log_R);
            }
        }
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            total_part_of_log_R[j] = REAL(0);
        }
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            total_part_of_log_R_rest[j] = REAL(0);
        }
        for (long long bin_0 = 0; bin_0 < B; bin_0 += 16) {
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                total_part_of_log_R_part[j] = REAL(0);
            }
            for (long long bin = bin_0; bin < B && bin < bin_0 + 16; bin += 1) {
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    REAL log_part_of_log_R = log_K[(row*B + bin)*J + j] + log_of_bin[bin];
                    REAL part_of_log_R = exp(log_part_of_log_R - top_part_of_log_R[j]);
                    total_part_of_log_R_part[j] += part_of_log_R;
                }
            }
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                accumulate(total_part_of_log_R[j], total_part_of_log_R_rest[j], total_part_of_log_R_part[j]);
            }
        }
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            REAL centred = z[row*J + j] - top_z;
            log_R[row*J + j] = centred + top_part_of_log_R[j] + log(total_part_of_log_R[j]) - log_total_weight;
        }
        __syncthreads();
    }
}


// Hessian of the cross-entropy in the logits, times a vector.
//     {\tilde z}_{r,j} = - \max_{j} {z}_{r,j} + {z}_{r,j}
//     {\log p}_{r,b} = \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} \right)} - \log{\left(\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}} \right)}
//     {\log(p+f)}_{r,b} = \log{\left(e^{{\log f}_{r}} + e^{{\log p}_{r,b}} \right)}
//     {s}_{r,b} = \begin{cases} 0 & \text{for}\: {\log p}_{r,b} = -\infty \\\frac{1}{e^{{\log f}_{r} - {\log p}_{r,b}} + 1} & \text{otherwise} \end{cases}
//     {m}_{r,b} = {q}_{r,b} {s}_{r,b}
//     {M}_{r} = \sum_{b=0}^{B - 1} {m}_{r,b}
//     {\bar R}_{r,j} = \sum_{b=0}^{B - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {m}_{r,b}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\bar v}_{r} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j}} {v}_{r,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}}
//     {\bar v}_{r,b} = \sum_{j=0}^{J - 1} \frac{e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}} {v}_{r,j}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
//     {\mathrm dm}_{r,b} = \left(1 - {s}_{r,b}\right) \left(- {\bar v}_{r} + {\bar v}_{r,b}\right) {m}_{r,b}
//     {Hv}_{r,j} = \frac{\left(\left(- {\bar v}_{r} + {v}_{r,j}\right) {M}_{r} + \sum_{b=0}^{B - 1} {\mathrm dm}_{r,b}\right) e^{{\tilde z}_{r,j}}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j}}} - \sum_{b=0}^{B - 1} \frac{\left(\left(- {\bar v}_{r,b} + {v}_{r,j}\right) {m}_{r,b} + {\mathrm dm}_{r,b}\right) e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}{\sum_{j=0}^{J - 1} e^{{\tilde z}_{r,j} + {\log K}_{r,b,j}}}
// One block per row (and stride over rows); a thread owns j = threadIdx.x, + blockDim.x, ...
// `scratch`: 5*J numbers a block.
extern "C" __global__ void mixture_hessian_times_vector(
    const REAL *__restrict__ z, const REAL *__restrict__ log_K, const REAL *__restrict__ q, const REAL *__restrict__ log_floor, const REAL *__restrict__ v, long long R, long long B, long long J, REAL *__restrict__ product, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    scratch += blockIdx.x*(5*J);
    REAL *weight = scratch; scratch += J;
    REAL *joint = scratch; scratch += J;
    REAL *raw_product = scratch; scratch += J;
    REAL *raw_product_rest = scratch; scratch += J;
    REAL *raw_product_part = scratch; scratch += J;
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL top_z = LOWEST;
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            top_z = maximum(top_z, z[row*J + j]);
        }
        top_z = block_reduce<Max>(top_z, LOWEST, lanes);
        REAL total_weight = REAL(0);
        REAL raw_mean = REAL(0);
        REAL total_weight_rest = REAL(0);
        REAL raw_mean_rest = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
            REAL total_weight_part = REAL(0);
            REAL raw_mean_part = REAL(0);
            for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                REAL centred = z[row*J + j] - top_z;
                weight[j] = exp(centred);
                total_weight_part += weight[j];
                raw_mean_part += v[row*J + j]*weight[j];
            }
            accumulate(total_weight, total_weight_rest, total_weight_part);
            accumulate(raw_mean, raw_mean_rest, raw_mean_part);
        }
        total_weight = block_reduce<Sum>(total_weight, REAL(0), lanes);
        raw_mean = block_reduce<Sum>(raw_mean, REAL(0), lanes);
        REAL log_total_weight = log(total_weight);
        REAL mean = raw_mean/total_weight;
        REAL inverse_total_weight = REAL(1)/total_weight;
        REAL explained = REAL(0);
        REAL raw_product_1 = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            raw_product[j] = REAL(0);
        }
        REAL explained_rest = REAL(0);
        REAL raw_product_1_rest = REAL(0);
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            raw_product_rest[j] = REAL(0);
        }
        for (long long bin_0 = 0; bin_0 < B; bin_0 += 16) {
            REAL explained_part = REAL(0);
            REAL raw_product_1_part = REAL(0);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                raw_product_part[j] = REAL(0);
            }
            for (long long bin = bin_0; bin < B && bin < bin_0 + 16; bin += 1) {
                REAL top_joint = LOWEST;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    REAL centred = z[row*J + j] - top_z;
                    REAL log_joint = centred + log_K[(row*B + bin)*J + j];
                    top_joint = maximum(top_joint, log_joint);
                }
                top_joint = block_reduce<Max>(top_joint, LOWEST, lanes);
                REAL total_joint = REAL(0);
                REAL raw_mean_of = REAL(0);
                REAL total_joint_rest = REAL(0);
                REAL raw_mean_of_rest = REAL(0);
                for (long long j_0 = 0; j_0 < J; j_0 += 16LL*blockDim.x) {
                    REAL total_joint_part = REAL(0);
                    REAL raw_mean_of_part = REAL(0);
                    for (long long j = j_0 + threadIdx.x; j < J && j < j_0 + 16LL*blockDim.x; j += blockDim.x) {
                        REAL centred = z[row*J + j] - top_z;
                        REAL log_joint = centred + log_K[(row*B + bin)*J + j];
                        joint[j] = exp(log_joint - top_joint);
                        total_joint_part += joint[j];
                        raw_mean_of_part += joint[j]*v[row*J + j];
                    }
                    accumulate(total_joint, total_joint_rest, total_joint_part);
                    accumulate(raw_mean_of, raw_mean_of_rest, raw_mean_of_part);
                }
                total_joint = block_reduce<Sum>(total_joint, REAL(0), lanes);
                raw_mean_of = block_reduce<Sum>(raw_mean_of, REAL(0), lanes);
                REAL log_p = top_joint + log(total_joint) - log_total_weight;
                REAL share = (log_p == -INFINITE ? REAL(0) : REAL(1)/(REAL(1) + exp(log_floor[row] - log_p)));
                REAL mass = q[row*B + bin]*share;
                explained_part += mass;
                REAL mean_of = raw_mean_of/maximum(REAL(1), total_joint);
                REAL inverse_total_joint = REAL(1)/maximum(REAL(1), total_joint);
                REAL moved = mass*(REAL(1) - share)*(mean_of - mean);
                raw_product_1_part += moved;
                for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                    REAL mass = q[row*B + bin]*share;
                    REAL moved = mass*(REAL(1) - share)*(mean_of - mean);
                    raw_product_part[j] += inverse_total_joint*joint[j]*(moved + mass*(v[row*J + j] - mean_of));
                }
            }
            accumulate(explained, explained_rest, explained_part);
            accumulate(raw_product_1, raw_product_1_rest, raw_product_1_part);
            for (long long j = threadIdx.x; j < J; j += blockDim.x) {
                accumulate(raw_product[j], raw_product_rest[j], raw_product_part[j]);
            }
        }
        for (long long j = threadIdx.x; j < J; j += blockDim.x) {
            product[row*J + j] = inverse_total_weight*weight[j]*(raw_product_1 + explained*(v[row*J + j] - mean)) - raw_product[j];
        }
    }
}
