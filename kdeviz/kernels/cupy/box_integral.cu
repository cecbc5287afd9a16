// Generated from derivations/box_integral.py. Do not edit: change the derivation and run `make generate`.
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

// Cross-entropy of a uniform target against a mixture that is constant on gaps of it.
//     {d^+}_{r,k} = \begin{cases} 0 & \text{for}\: {\log M}_{r,k} = -\infty \\{d}_{r,k} & \text{otherwise} \end{cases}
//     {\log p}_{r,k} = {\log M}_{r,k} - {\log M}_{r}
//     {v}_{r,k} = \begin{cases} 0 & \text{for}\: {\log M}_{r,k} = -\infty \\{\log p}_{r,k} & \text{otherwise} \end{cases}
//     {L}_{r} = - \frac{\sum_{k=0}^{K - 1} {v}_{r,k} {d^+}_{r,k}}{{T}_{r}}
//     {\partial L/\partial d}_{r,k} = \begin{cases} 0 & \text{for}\: {\log M}_{r,k} = -\infty \\\frac{- {v}_{r,k} - {L}_{r}}{{T}_{r}} & \text{otherwise} \end{cases}
//     {\log\frac{d}{TM}}_{r,k} = \begin{cases} -\infty & \text{for}\: {d^+}_{r,k} = 0 \\\log{\left(\frac{{d^+}_{r,k}}{{T}_{r}} \right)} - {\log M}_{r,k} & \text{otherwise} \end{cases}
//     {T}_{r} = \sum_{k=0}^{K - 1} {d^+}_{r,k}
// One block per row (and stride over rows); a thread owns gap = threadIdx.x, + blockDim.x, ...
// `scratch`: 2*K numbers a block.
extern "C" __global__ void box_gaps(
    const REAL *__restrict__ log_mass, const REAL *__restrict__ length, const REAL *__restrict__ log_total, long long R, long long K, REAL *__restrict__ loss, REAL *__restrict__ grad_length, REAL *__restrict__ log_density, REAL *__restrict__ reach, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    scratch += blockIdx.x*(2*K);
    REAL *held = scratch; scratch += K;
    REAL *excess = scratch; scratch += K;
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL raw_loss = REAL(0);
        REAL reach_value = REAL(0);
        REAL raw_loss_rest = REAL(0);
        REAL reach_value_rest = REAL(0);
        for (long long gap_0 = 0; gap_0 < K; gap_0 += 16LL*blockDim.x) {
            REAL raw_loss_part = REAL(0);
            REAL reach_value_part = REAL(0);
            for (long long gap = gap_0 + threadIdx.x; gap < K && gap < gap_0 + 16LL*blockDim.x; gap += blockDim.x) {
                held[gap] = (log_mass[row*K + gap] == -INFINITE ? REAL(0) : length[row*K + gap]);
                REAL log_p = log_mass[row*K + gap] - log_total[row];
                excess[gap] = (log_mass[row*K + gap] == -INFINITE ? REAL(0) : log_p);
                raw_loss_part += excess[gap]*held[gap];
                reach_value_part += held[gap];
            }
            accumulate(raw_loss, raw_loss_rest, raw_loss_part);
            accumulate(reach_value, reach_value_rest, reach_value_part);
        }
        raw_loss = block_reduce<Sum>(raw_loss, REAL(0), lanes);
        reach_value = block_reduce<Sum>(reach_value, REAL(0), lanes);
        REAL loss_value = -raw_loss/reach_value;
        REAL inverse_reach = REAL(1)/reach_value;
        if (threadIdx.x == 0) reach[row] = reach_value;
        if (threadIdx.x == 0) loss[row] = loss_value;
        for (long long gap = threadIdx.x; gap < K; gap += blockDim.x) {
            grad_length[row*K + gap] = (log_mass[row*K + gap] == -INFINITE ? REAL(0) : inverse_reach*(-excess[gap] - loss_value));
            log_density[row*K + gap] = (held[gap] == REAL(0) ? -INFINITE : log(held[gap]*inverse_reach) - log_mass[row*K + gap]);
        }
    }
}
