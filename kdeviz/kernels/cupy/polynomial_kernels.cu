// Generated from derivations/polynomial_kernels.py. Do not edit: change the derivation and run `make generate`.
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

// Sums of distances over a block, from those over its lower and its upper part.
//     m = m_l + m_r, \quad m^- = m^-_l + m^-_r + a\,m_r, \quad m^+ = m^+_l + b\,m_l + m^+_r
//     m^\pm = m^\pm_l + b\,m^-_l + m^\pm_r + a\,m^+_r, \quad a = \text{ahead}, \quad b = \text{beyond}
// One block per row (and stride over rows); a thread owns part = threadIdx.x, + blockDim.x, ...
// `scratch`: 0 numbers a block.
extern "C" __global__ void join_blocks(
    const REAL *__restrict__ left_mass, const REAL *__restrict__ left_below, const REAL *__restrict__ left_above, const REAL *__restrict__ left_both, const REAL *__restrict__ right_mass, const REAL *__restrict__ right_below, const REAL *__restrict__ right_above, const REAL *__restrict__ right_both, const REAL *__restrict__ ahead, const REAL *__restrict__ beyond, long long R, long long N, REAL *__restrict__ mass, REAL *__restrict__ below, REAL *__restrict__ above, REAL *__restrict__ both, REAL *__restrict__ scratch)
{
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        for (long long part = threadIdx.x; part < N; part += blockDim.x) {
            mass[row*N + part] = log_add_exp(left_mass[row*N + part], right_mass[row*N + part]);
            below[row*N + part] = log_add_exp(left_below[row*N + part], log_add_exp(right_below[row*N + part], right_mass[row*N + part] + log(ahead[row*N + part])));
            above[row*N + part] = log_add_exp(right_above[row*N + part], log_add_exp(left_above[row*N + part], left_mass[row*N + part] + log(beyond[row*N + part])));
            both[row*N + part] = log_add_exp(log_add_exp(left_both[row*N + part], left_below[row*N + part] + log(beyond[row*N + part])), log_add_exp(right_both[row*N + part], right_above[row*N + part] + log(ahead[row*N + part])));
        }
    }
}


// Sums of distances from the edges of a window, from those over the block of all that it holds.
//     m^-_w = m^- + r^-m, \quad m^+_w = m^+ + r^+m, \quad m^\pm_w = m^\pm + r^+m^- + r^-m^+ + r^-r^+m
//     r^- = \text{room below}, \quad r^+ = \text{room above}
// One block per row (and stride over rows); a thread owns part = threadIdx.x, + blockDim.x, ...
// `scratch`: 0 numbers a block.
extern "C" __global__ void window_sums(
    const REAL *__restrict__ mass, const REAL *__restrict__ below, const REAL *__restrict__ above, const REAL *__restrict__ both, const REAL *__restrict__ room_below, const REAL *__restrict__ room_above, long long R, long long N, REAL *__restrict__ to_lower, REAL *__restrict__ to_upper, REAL *__restrict__ to_both, REAL *__restrict__ scratch)
{
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        for (long long part = threadIdx.x; part < N; part += blockDim.x) {
            to_lower[row*N + part] = log_add_exp(below[row*N + part], mass[row*N + part] + log(room_below[row*N + part]));
            to_upper[row*N + part] = log_add_exp(above[row*N + part], mass[row*N + part] + log(room_above[row*N + part]));
            to_both[row*N + part] = log_add_exp(log(room_below[row*N + part]) + log_add_exp(above[row*N + part], mass[row*N + part] + log(room_above[row*N + part])), log_add_exp(both[row*N + part], below[row*N + part] + log(room_above[row*N + part])));
        }
    }
}


// Cross-entropy of a uniform target against a mixture that is linear on gaps of it.
//     L = -\frac1T \sum_k d_k\,\big(\overline{\log P}_k - \log M\big), \quad T = \sum_k d_k
//     \overline{\log P} = \tfrac12\,(\log P_0 + \log P_1) + c\big(\tfrac12\,|\log P_1 - \log P_0|\big), \quad c(x) = x \coth x - 1
// One block per row (and stride over rows); a thread owns gap = threadIdx.x, + blockDim.x, ...
// `scratch`: 4*K numbers a block.
extern "C" __global__ void triangular_gaps(
    const REAL *__restrict__ log_start, const REAL *__restrict__ log_end, const REAL *__restrict__ length, const REAL *__restrict__ log_total, long long R, long long K, REAL *__restrict__ loss, REAL *__restrict__ reach, REAL *__restrict__ grad_length, REAL *__restrict__ omega_mass, REAL *__restrict__ omega_below, REAL *__restrict__ omega_above, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    scratch += blockIdx.x*(4*K);
    REAL *held = scratch; scratch += K;
    REAL *top = scratch; scratch += K;
    REAL *deficit = scratch; scratch += K;
    REAL *excess = scratch; scratch += K;
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL reach_value = REAL(0);
        REAL raw_loss = REAL(0);
        REAL reach_value_rest = REAL(0);
        REAL raw_loss_rest = REAL(0);
        for (long long gap_0 = 0; gap_0 < K; gap_0 += 16LL*blockDim.x) {
            REAL reach_value_part = REAL(0);
            REAL raw_loss_part = REAL(0);
            for (long long gap = gap_0 + threadIdx.x; gap < K && gap < gap_0 + 16LL*blockDim.x; gap += blockDim.x) {
                held[gap] = (log_end[row*K + gap] == -INFINITE && log_start[row*K + gap] == -INFINITE ? REAL(0) : length[row*K + gap]);
                top[gap] = maximum(log_end[row*K + gap], log_start[row*K + gap]);
                REAL x = (REAL(1)/REAL(2))*fabs(log_end[row*K + gap] - log_start[row*K + gap]);
                REAL tail = (x > REAL(40) ? REAL(0) : REAL(2)*x/expm1(REAL(2)*x));
                deficit[gap] = (x < REAL(1)/REAL(2) ? x - (x*x)*(REAL(1)/REAL(3) + (x*x)*((x*x)*(REAL(2)/REAL(945) + (x*x)*((x*x)*(REAL(2)/REAL(93555) + (x*x)*((x*x)*(REAL(4)/REAL(18243225) + (x*x)*((x*x)*(REAL(2.2507846516808993e-9) - REAL(2.2805151204592183e-10)*(x*x)) + REAL(-2.2214608789979679e-8))) + REAL(-1382)/REAL(638512875))) + REAL(-1)/REAL(4725))) + REAL(-1)/REAL(45))) : REAL(1) - tail);
                REAL mean = top[gap] - deficit[gap];
                excess[gap] = (log_end[row*K + gap] == -INFINITE && log_start[row*K + gap] == -INFINITE || length[row*K + gap] == REAL(0) ? REAL(0) : mean - log_total[row]);
                reach_value_part += held[gap];
                raw_loss_part += excess[gap]*held[gap];
            }
            accumulate(reach_value, reach_value_rest, reach_value_part);
            accumulate(raw_loss, raw_loss_rest, raw_loss_part);
        }
        reach_value = block_reduce<Sum>(reach_value, REAL(0), lanes);
        raw_loss = block_reduce<Sum>(raw_loss, REAL(0), lanes);
        REAL inverse_reach = REAL(1)/reach_value;
        REAL loss_value = -raw_loss/reach_value;
        if (threadIdx.x == 0) reach[row] = reach_value;
        if (threadIdx.x == 0) loss[row] = loss_value;
        for (long long gap = threadIdx.x; gap < K; gap += blockDim.x) {
            REAL x = (REAL(1)/REAL(2))*fabs(log_end[row*K + gap] - log_start[row*K + gap]);
            REAL near_large = log((x == REAL(0) ? REAL(1)/REAL(2) : -deficit[gap]/expm1(-REAL(2)*x))) - top[gap];
            REAL near_small = log((x == REAL(0) ? REAL(1)/REAL(2) : -(REAL(2)*x - deficit[gap])/expm1(-REAL(2)*x))) - top[gap];
            REAL unit = log(held[gap]*inverse_reach);
            grad_length[row*K + gap] = (log_end[row*K + gap] == -INFINITE && log_start[row*K + gap] == -INFINITE ? REAL(0) : inverse_reach*(-excess[gap] - loss_value));
            omega_mass[row*K + gap] = (held[gap] == REAL(0) ? -INFINITE : unit + log((x == REAL(0) ? REAL(1) : -REAL(2)*x/expm1(-REAL(2)*x))) - top[gap]);
            omega_below[row*K + gap] = (held[gap] == REAL(0) ? -INFINITE : unit + (log_end[row*K + gap] > log_start[row*K + gap] ? near_large : near_small) + log(held[gap]));
            omega_above[row*K + gap] = (held[gap] == REAL(0) ? -INFINITE : unit + (log_end[row*K + gap] > log_start[row*K + gap] ? near_small : near_large) + log(held[gap]));
        }
    }
}


// Cross-entropy of a uniform target against a mixture that is quadratic and concave on gaps of it.
//     L = -\frac1T \sum_k d_k\,\big(\overline{\log P}_k - \log M\big), \quad T = \sum_k d_k
//     \overline{\log P} = \tfrac12\,(\log P_0 + \log P_1) + c(x_\alpha) + c(x_\beta), \quad c(x) = x \coth x - 1
// One block per row (and stride over rows); a thread owns gap = threadIdx.x, + blockDim.x, ...
// `scratch`: 10*K numbers a block.
extern "C" __global__ void epanechnikov_gaps(
    const REAL *__restrict__ log_start, const REAL *__restrict__ log_end, const REAL *__restrict__ log_mass, const REAL *__restrict__ h, const REAL *__restrict__ length, const REAL *__restrict__ log_total, long long R, long long K, REAL *__restrict__ loss, REAL *__restrict__ reach, REAL *__restrict__ grad_length, REAL *__restrict__ omega_mass, REAL *__restrict__ omega_below, REAL *__restrict__ omega_above, REAL *__restrict__ omega_both, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    scratch += blockIdx.x*(10*K);
    REAL *held = scratch; scratch += K;
    REAL *log_kappa = scratch; scratch += K;
    REAL *s = scratch; scratch += K;
    REAL *x_alpha = scratch; scratch += K;
    REAL *tail_alpha = scratch; scratch += K;
    REAL *deficit_alpha = scratch; scratch += K;
    REAL *x_beta = scratch; scratch += K;
    REAL *tail_beta = scratch; scratch += K;
    REAL *deficit_beta = scratch; scratch += K;
    REAL *excess = scratch; scratch += K;
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL inverse_h = REAL(1)/h[row];
        REAL reach_value = REAL(0);
        REAL raw_loss = REAL(0);
        REAL reach_value_rest = REAL(0);
        REAL raw_loss_rest = REAL(0);
        for (long long gap_0 = 0; gap_0 < K; gap_0 += 16LL*blockDim.x) {
            REAL reach_value_part = REAL(0);
            REAL raw_loss_part = REAL(0);
            for (long long gap = gap_0 + threadIdx.x; gap < K && gap < gap_0 + 16LL*blockDim.x; gap += blockDim.x) {
                held[gap] = (log_mass[row*K + gap] == -INFINITE ? REAL(0) : length[row*K + gap]);
                log_kappa[gap] = maximum(maximum(log_end[row*K + gap] + REAL(-40), log_start[row*K + gap] + REAL(-40)), log_mass[row*K + gap] + REAL(2)*log(held[gap]*inverse_h));
                REAL delta = exp(log_start[row*K + gap] - log_kappa[gap]) - exp(log_end[row*K + gap] - log_kappa[gap]);
                s[gap] = sqrt(REAL(1) + (delta*delta) + REAL(2)*exp(log_end[row*K + gap] - log_kappa[gap]) + REAL(2)*exp(log_start[row*K + gap] - log_kappa[gap]));
                REAL log_alpha = (delta < REAL(1) ? log_start[row*K + gap] - log_kappa[gap] - log(REAL(1)/REAL(2) + (REAL(1)/REAL(2))*s[gap] - REAL(1)/REAL(2)*delta) : log((REAL(1)/REAL(2))*delta + (REAL(1)/REAL(2))*s[gap] + REAL(-1)/REAL(2)));
                REAL log_beta = (delta > REAL(-1) ? log_end[row*K + gap] - log_kappa[gap] - log(REAL(1)/REAL(2) + (REAL(1)/REAL(2))*delta + (REAL(1)/REAL(2))*s[gap]) : log((REAL(1)/REAL(2))*s[gap] + REAL(-1)/REAL(2) - REAL(1)/REAL(2)*delta));
                x_alpha[gap] = (REAL(1)/REAL(2))*log_add_exp(REAL(0), -log_alpha);
                tail_alpha[gap] = (x_alpha[gap] > REAL(40) ? REAL(0) : REAL(2)*x_alpha[gap]/expm1(REAL(2)*x_alpha[gap]));
                deficit_alpha[gap] = (x_alpha[gap] < REAL(1)/REAL(2) ? x_alpha[gap] - (x_alpha[gap]*x_alpha[gap])*(REAL(1)/REAL(3) + (x_alpha[gap]*x_alpha[gap])*((x_alpha[gap]*x_alpha[gap])*(REAL(2)/REAL(945) + (x_alpha[gap]*x_alpha[gap])*((x_alpha[gap]*x_alpha[gap])*(REAL(2)/REAL(93555) + (x_alpha[gap]*x_alpha[gap])*((x_alpha[gap]*x_alpha[gap])*(REAL(4)/REAL(18243225) + (x_alpha[gap]*x_alpha[gap])*((x_alpha[gap]*x_alpha[gap])*(REAL(2.2507846516808993e-9) - REAL(2.2805151204592183e-10)*(x_alpha[gap]*x_alpha[gap])) + REAL(-2.2214608789979679e-8))) + REAL(-1382)/REAL(638512875))) + REAL(-1)/REAL(4725))) + REAL(-1)/REAL(45))) : REAL(1) - tail_alpha[gap]);
                x_beta[gap] = (REAL(1)/REAL(2))*log_add_exp(REAL(0), -log_beta);
                tail_beta[gap] = (x_beta[gap] > REAL(40) ? REAL(0) : REAL(2)*x_beta[gap]/expm1(REAL(2)*x_beta[gap]));
                deficit_beta[gap] = (x_beta[gap] < REAL(1)/REAL(2) ? x_beta[gap] - (x_beta[gap]*x_beta[gap])*(REAL(1)/REAL(3) + (x_beta[gap]*x_beta[gap])*((x_beta[gap]*x_beta[gap])*(REAL(2)/REAL(945) + (x_beta[gap]*x_beta[gap])*((x_beta[gap]*x_beta[gap])*(REAL(2)/REAL(93555) + (x_beta[gap]*x_beta[gap])*((x_beta[gap]*x_beta[gap])*(REAL(4)/REAL(18243225) + (x_beta[gap]*x_beta[gap])*((x_beta[gap]*x_beta[gap])*(REAL(2.2507846516808993e-9) - REAL(2.2805151204592183e-10)*(x_beta[gap]*x_beta[gap])) + REAL(-2.2214608789979679e-8))) + REAL(-1382)/REAL(638512875))) + REAL(-1)/REAL(4725))) + REAL(-1)/REAL(45))) : REAL(1) - tail_beta[gap]);
                REAL mean = log_kappa[gap] + log_add_exp(REAL(0), log_alpha) + log_add_exp(REAL(0), log_beta) - deficit_alpha[gap] - deficit_beta[gap];
                excess[gap] = (length[row*K + gap] == REAL(0) || log_mass[row*K + gap] == -INFINITE ? REAL(0) : mean - log_total[row]);
                reach_value_part += held[gap];
                raw_loss_part += excess[gap]*held[gap];
            }
            accumulate(reach_value, reach_value_rest, reach_value_part);
            accumulate(raw_loss, raw_loss_rest, raw_loss_part);
        }
        reach_value = block_reduce<Sum>(reach_value, REAL(0), lanes);
        raw_loss = block_reduce<Sum>(raw_loss, REAL(0), lanes);
        REAL inverse_reach = REAL(1)/reach_value;
        REAL loss_value = -raw_loss/reach_value;
        if (threadIdx.x == 0) reach[row] = reach_value;
        if (threadIdx.x == 0) loss[row] = loss_value;
        for (long long gap = threadIdx.x; gap < K; gap += blockDim.x) {
            REAL unit = log(held[gap]*inverse_reach);
            grad_length[row*K + gap] = (log_mass[row*K + gap] == -INFINITE ? REAL(0) : inverse_reach*(-excess[gap] - loss_value));
            omega_mass[row*K + gap] = (held[gap] == REAL(0) ? -INFINITE : unit + log(REAL(2)*x_alpha[gap] + REAL(2)*x_beta[gap]) - log_kappa[gap] - log(s[gap]));
            omega_below[row*K + gap] = (held[gap] == REAL(0) ? -INFINITE : unit + log(held[gap]) + log(deficit_alpha[gap] + REAL(2)*x_beta[gap] - deficit_beta[gap]) - log_kappa[gap] - log(s[gap]));
            omega_above[row*K + gap] = (held[gap] == REAL(0) ? -INFINITE : unit + log(held[gap]) + log(deficit_beta[gap] + REAL(2)*x_alpha[gap] - deficit_alpha[gap]) - log_kappa[gap] - log(s[gap]));
            omega_both[row*K + gap] = (held[gap] == REAL(0) ? -INFINITE : unit + REAL(2)*log(held[gap]) + log((REAL(1)/REAL(2))*(x_alpha[gap] < REAL(1)/REAL(2) ? x_alpha[gap]*(REAL(2)/REAL(3) + (x_alpha[gap]*x_alpha[gap])*((x_alpha[gap]*x_alpha[gap])*(REAL(4)/REAL(315) + (x_alpha[gap]*x_alpha[gap])*((x_alpha[gap]*x_alpha[gap])*(REAL(4)/REAL(18711) + (x_alpha[gap]*x_alpha[gap])*((x_alpha[gap]*x_alpha[gap])*(REAL(8)/REAL(2606175) + (x_alpha[gap]*x_alpha[gap])*((x_alpha[gap]*x_alpha[gap])*(REAL(4.0514123730256187e-8) - REAL(4.5610302409184366e-9)*(x_alpha[gap]*x_alpha[gap])) + REAL(-3.5543374063967487e-7))) + REAL(-5528)/REAL(212837625))) + REAL(-8)/REAL(4725))) + REAL(-4)/REAL(45))) : REAL(1) - (REAL(2)*exp(-REAL(2)*x_alpha[gap]) - REAL(2)*tail_alpha[gap])/expm1(-REAL(2)*x_alpha[gap])) + (REAL(1)/REAL(2))*(x_beta[gap] < REAL(1)/REAL(2) ? x_beta[gap]*(REAL(2)/REAL(3) + (x_beta[gap]*x_beta[gap])*((x_beta[gap]*x_beta[gap])*(REAL(4)/REAL(315) + (x_beta[gap]*x_beta[gap])*((x_beta[gap]*x_beta[gap])*(REAL(4)/REAL(18711) + (x_beta[gap]*x_beta[gap])*((x_beta[gap]*x_beta[gap])*(REAL(8)/REAL(2606175) + (x_beta[gap]*x_beta[gap])*((x_beta[gap]*x_beta[gap])*(REAL(4.0514123730256187e-8) - REAL(4.5610302409184366e-9)*(x_beta[gap]*x_beta[gap])) + REAL(-3.5543374063967487e-7))) + REAL(-5528)/REAL(212837625))) + REAL(-8)/REAL(4725))) + REAL(-4)/REAL(45))) : REAL(1) - (REAL(2)*exp(-REAL(2)*x_beta[gap]) - REAL(2)*tail_beta[gap])/expm1(-REAL(2)*x_beta[gap]))) - log_kappa[gap] - log(s[gap]));
        }
    }
}
