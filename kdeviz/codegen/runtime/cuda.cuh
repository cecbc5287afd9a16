// The largest finite number is where a maximum starts: were it -infinity, a row of nothing but -infinity would give -inf - -inf.
#define LOWEST (sizeof(REAL) == 4 ? REAL(-3.40282346638528859812e+38) : REAL(-1.79769313486231570815e+308))
#define INFINITE (REAL(sizeof(REAL) == 4 ? 3.0e+38f : 1.0e+308)*REAL(10))

__device__ inline REAL sign(REAL x) { return REAL((x > REAL(0)) - (x < REAL(0))); }
__device__ inline REAL maximum(REAL a, REAL b) { return a > b ? a : b; }

// log(exp a + exp b); -infinity twice gives -infinity.
__device__ inline REAL log_add_exp(REAL a, REAL b)
{
    REAL high = maximum(a, b), low = a > b ? b : a;
    return low == high ? high + log(REAL(2)) : high + log1p(exp(low - high));
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

