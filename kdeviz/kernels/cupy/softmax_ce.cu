// Generated from derivations/softmax_ce.py. Do not edit: change the derivation and run `make generate`.
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

// Cross-entropy of labels against softmax(z).
//     {\tilde z}_{r,k} = - \max_{k} {z}_{r,k} + {z}_{r,k}
//     {\log\pi}_{r,k} = - \log{\left(\sum_{k=0}^{D - 1} e^{{\tilde z}_{r,k}} \right)} + {\tilde z}_{r,k}
//     {Y}_{r} = \sum_{k=0}^{D - 1} {y}_{r,k}
//     {L}_{r} = \sum_{k=0}^{D - 1} \begin{cases} 0 & \text{for}\: {y}_{r,k} = 0 \\- {\log\pi}_{r,k} {y}_{r,k} & \text{otherwise} \end{cases}
//     {\partial L/\partial z}_{r,k} = \frac{e^{{\tilde z}_{r,k}} {Y}_{r}}{\sum_{k=0}^{D - 1} e^{{\tilde z}_{r,k}}} - {y}_{r,k}
//     {\partial L/\partial y}_{r,k} = - {\log\pi}_{r,k}
// One block per row (and stride over rows); a thread owns k = threadIdx.x, + blockDim.x, ...
// `scratch`: D numbers a block.
extern "C" __global__ void softmax_ce(
    const REAL *__restrict__ z, const REAL *__restrict__ y, long long R, long long D, REAL *__restrict__ loss, REAL *__restrict__ grad_z, REAL *__restrict__ grad_y, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    scratch += blockIdx.x*(D);
    REAL *weight = scratch; scratch += D;
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL total_y = REAL(0);
        REAL top_z = LOWEST;
        REAL total_y_rest = REAL(0);
        for (long long k_0 = 0; k_0 < D; k_0 += 16LL*blockDim.x) {
            REAL total_y_part = REAL(0);
            for (long long k = k_0 + threadIdx.x; k < D && k < k_0 + 16LL*blockDim.x; k += blockDim.x) {
                top_z = maximum(top_z, z[row*D + k]);
                total_y_part += y[row*D + k];
            }
            accumulate(total_y, total_y_rest, total_y_part);
        }
        total_y = block_reduce<Sum>(total_y, REAL(0), lanes);
        top_z = block_reduce<Max>(top_z, LOWEST, lanes);
        REAL total_weight = REAL(0);
        REAL total_weight_rest = REAL(0);
        for (long long k_0 = 0; k_0 < D; k_0 += 16LL*blockDim.x) {
            REAL total_weight_part = REAL(0);
            for (long long k = k_0 + threadIdx.x; k < D && k < k_0 + 16LL*blockDim.x; k += blockDim.x) {
                REAL centred = z[row*D + k] - top_z;
                weight[k] = exp(centred);
                total_weight_part += weight[k];
            }
            accumulate(total_weight, total_weight_rest, total_weight_part);
        }
        total_weight = block_reduce<Sum>(total_weight, REAL(0), lanes);
        REAL log_total_weight = log(total_weight);
        REAL total_y_over_total_weight = total_y/total_weight;
        REAL loss_value = REAL(0);
        REAL loss_value_rest = REAL(0);
        for (long long k_0 = 0; k_0 < D; k_0 += 16LL*blockDim.x) {
            REAL loss_value_part = REAL(0);
            for (long long k = k_0 + threadIdx.x; k < D && k < k_0 + 16LL*blockDim.x; k += blockDim.x) {
                REAL centred = z[row*D + k] - top_z;
                REAL log_pi = centred - log_total_weight;
                loss_value_part += (y[row*D + k] == REAL(0) ? REAL(0) : -log_pi*y[row*D + k]);
                grad_z[row*D + k] = total_y_over_total_weight*weight[k] - y[row*D + k];
                grad_y[row*D + k] = -log_pi;
            }
            accumulate(loss_value, loss_value_rest, loss_value_part);
        }
        loss_value = block_reduce<Sum>(loss_value, REAL(0), lanes);
        if (threadIdx.x == 0) loss[row] = loss_value;
    }
}
