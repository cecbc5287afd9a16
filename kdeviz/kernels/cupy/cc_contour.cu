// Generated from derivations/cc_contour.py. Do not edit: change the derivation and run `make generate`.
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

// Gaps, and two steps towards the saddle from a start below it: the top category and the mean of the others.
//     g_{r,k} = \eta_{\max,r} - \eta_{r,k},\qquad \bar g_r = \frac{\sum_k g_{r,k}}{\max(1, D_r - 1)}
//     \frac1{\tau^0_r} + \frac{D_r - 1}{\tau^0_r + \bar g_r} = 1,\qquad \tau^0_r \ge 1
//     \tau_r = \tau^0_r + \frac{S^0_r (S^0_r - 1)}{Q^0_r} \quad\text{unless}\quad S^0_r - 1 \le \frac{\sigma^0_r}{100}
//     S^0_r = \sum_k \frac1{\tau^0_r + g_{r,k}},\qquad Q^0_r = \sum_k \frac1{(\tau^0_r + g_{r,k})^2} = (\sigma^0_r)^2
//     \tau'_r \text{ from } \tau_r \text{ likewise},\qquad \sigma_r^2 = Q_r,\qquad \varepsilon_r = \frac{1 - S_r}{\sigma_r}
// One block per row (and stride over rows); a thread owns k = threadIdx.x, + blockDim.x, ...
// `scratch`: 0 numbers a block.
extern "C" __global__ void saddle_start(
    const REAL *__restrict__ eta, const REAL *__restrict__ size, long long R, long long D, REAL *__restrict__ top, REAL *__restrict__ gap, REAL *__restrict__ tau, REAL *__restrict__ next_tau, REAL *__restrict__ sigma, REAL *__restrict__ excess, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL top_value = LOWEST;
        for (long long k = threadIdx.x; k < D; k += blockDim.x) {
            top_value = maximum(top_value, eta[row*D + k]);
        }
        top_value = block_reduce<Max>(top_value, LOWEST, lanes);
        if (threadIdx.x == 0) top[row] = top_value;
        REAL raw_mean_gap = REAL(0);
        REAL raw_mean_gap_rest = REAL(0);
        for (long long k_0 = 0; k_0 < D; k_0 += 16LL*blockDim.x) {
            REAL raw_mean_gap_part = REAL(0);
            for (long long k = k_0 + threadIdx.x; k < D && k < k_0 + 16LL*blockDim.x; k += blockDim.x) {
                REAL gap_value = top_value - eta[row*D + k];
                raw_mean_gap_part += gap_value;
                gap[row*D + k] = gap_value;
            }
            accumulate(raw_mean_gap, raw_mean_gap_rest, raw_mean_gap_part);
        }
        raw_mean_gap = block_reduce<Sum>(raw_mean_gap, REAL(0), lanes);
        REAL mean_gap = raw_mean_gap/maximum(REAL(1), size[row] + REAL(-1));
        REAL first_tau = maximum(REAL(1), (mean_gap > size[row] ? REAL(2)/(REAL(1) + sqrt(((REAL(1) - size[row]/mean_gap)*(REAL(1) - size[row]/mean_gap)) + REAL(4)/mean_gap) - size[row]/mean_gap) : (REAL(1)/REAL(2))*size[row] + (REAL(1)/REAL(2))*sqrt(((size[row] - mean_gap)*(size[row] - mean_gap)) + REAL(4)*mean_gap) - REAL(1)/REAL(2)*mean_gap));
        REAL S_at_start = REAL(0);
        REAL Q_at_start = REAL(0);
        REAL S_at_start_rest = REAL(0);
        REAL Q_at_start_rest = REAL(0);
        for (long long k_0 = 0; k_0 < D; k_0 += 16LL*blockDim.x) {
            REAL S_at_start_part = REAL(0);
            REAL Q_at_start_part = REAL(0);
            for (long long k = k_0 + threadIdx.x; k < D && k < k_0 + 16LL*blockDim.x; k += blockDim.x) {
                REAL gap_value = top_value - eta[row*D + k];
                REAL m_at_start = REAL(1)/(first_tau + gap_value);
                S_at_start_part += m_at_start;
                Q_at_start_part += (m_at_start*m_at_start);
            }
            accumulate(S_at_start, S_at_start_rest, S_at_start_part);
            accumulate(Q_at_start, Q_at_start_rest, Q_at_start_part);
        }
        S_at_start = block_reduce<Sum>(S_at_start, REAL(0), lanes);
        Q_at_start = block_reduce<Sum>(Q_at_start, REAL(0), lanes);
        REAL sigma_at_start = sqrt(Q_at_start);
        REAL tau_value = (S_at_start <= REAL(1) + (REAL(1)/REAL(100))*sigma_at_start ? first_tau : first_tau + S_at_start*(S_at_start + REAL(-1))/Q_at_start);
        if (threadIdx.x == 0) tau[row] = tau_value;
        REAL S = REAL(0);
        REAL Q = REAL(0);
        REAL S_rest = REAL(0);
        REAL Q_rest = REAL(0);
        for (long long k_0 = 0; k_0 < D; k_0 += 16LL*blockDim.x) {
            REAL S_part = REAL(0);
            REAL Q_part = REAL(0);
            for (long long k = k_0 + threadIdx.x; k < D && k < k_0 + 16LL*blockDim.x; k += blockDim.x) {
                REAL gap_value = top_value - eta[row*D + k];
                REAL m = REAL(1)/(gap_value + tau_value);
                S_part += m;
                Q_part += (m*m);
            }
            accumulate(S, S_rest, S_part);
            accumulate(Q, Q_rest, Q_part);
        }
        S = block_reduce<Sum>(S, REAL(0), lanes);
        Q = block_reduce<Sum>(Q, REAL(0), lanes);
        REAL own_sigma = sqrt(Q);
        if (threadIdx.x == 0) next_tau[row] = (S <= REAL(1) + (REAL(1)/REAL(100))*own_sigma ? tau_value : tau_value + S*(S + REAL(-1))/Q);
        if (threadIdx.x == 0) sigma[row] = own_sigma;
        if (threadIdx.x == 0) excess[row] = (REAL(1) - S)/own_sigma;
    }
}


// A Newton step towards the saddle; a row that is near enough stays where it is.
//     {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}
//     {S}_{r} = \sum_{k=0}^{D - 1} {m}_{r,k}
//     {Q}_{r} = \sum_{k=0}^{D - 1} {m}_{r,k}^{2}
//     {\sigma}_{r} = \sqrt{{Q}_{r}}
//     {\tau'}_{r} = \begin{cases} {\tau}_{r} & \text{for}\: {S}_{r} \leq \frac{{\sigma}_{r}}{100} + 1 \\\frac{\left({S}_{r} - 1\right) {S}_{r}}{{Q}_{r}} + {\tau}_{r} & \text{otherwise} \end{cases}
//     {\sigma}_{r} = {\sigma}_{r}
//     {\varepsilon}_{r} = \frac{1 - {S}_{r}}{{\sigma}_{r}}
// One block per row (and stride over rows); a thread owns k = threadIdx.x, + blockDim.x, ...
// `scratch`: 0 numbers a block.
extern "C" __global__ void saddle_step(
    const REAL *__restrict__ gap, const REAL *__restrict__ tau, long long R, long long D, REAL *__restrict__ next_tau, REAL *__restrict__ sigma, REAL *__restrict__ excess, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL S = REAL(0);
        REAL Q = REAL(0);
        REAL S_rest = REAL(0);
        REAL Q_rest = REAL(0);
        for (long long k_0 = 0; k_0 < D; k_0 += 16LL*blockDim.x) {
            REAL S_part = REAL(0);
            REAL Q_part = REAL(0);
            for (long long k = k_0 + threadIdx.x; k < D && k < k_0 + 16LL*blockDim.x; k += blockDim.x) {
                REAL m = REAL(1)/(gap[row*D + k] + tau[row]);
                S_part += m;
                Q_part += (m*m);
            }
            accumulate(S, S_rest, S_part);
            accumulate(Q, Q_rest, Q_part);
        }
        S = block_reduce<Sum>(S, REAL(0), lanes);
        Q = block_reduce<Sum>(Q, REAL(0), lanes);
        REAL own_sigma = sqrt(Q);
        if (threadIdx.x == 0) next_tau[row] = (S <= REAL(1) + (REAL(1)/REAL(100))*own_sigma ? tau[row] : tau[row] + S*(S + REAL(-1))/Q);
        if (threadIdx.x == 0) sigma[row] = own_sigma;
        if (threadIdx.x == 0) excess[row] = (REAL(1) - S)/own_sigma;
    }
}


// 1 - sum of 1/(tau + max(eta) - eta), free of rounding errors until the last digit.
//     1-S_r = 1 - \sum_k \frac{1}{\tau_r + \eta_{\max,r} - \eta_{r,k}}
// One block per row (and stride over rows); a thread owns k = threadIdx.x, + blockDim.x, ...
// `scratch`: 0 numbers a block.
extern "C" __global__ void saddle_excess(
    const REAL *__restrict__ eta, const REAL *__restrict__ top, const REAL *__restrict__ tau, long long R, long long D, REAL *__restrict__ missing, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL high_sum = REAL(0);
        REAL low_sum = REAL(0);
        REAL high_sum_rest = REAL(0);
        REAL low_sum_rest = REAL(0);
        for (long long k_0 = 0; k_0 < D; k_0 += 16LL*blockDim.x) {
            REAL high_sum_part = REAL(0);
            REAL low_sum_part = REAL(0);
            for (long long k = k_0 + threadIdx.x; k < D && k < k_0 + 16LL*blockDim.x; k += blockDim.x) {
                REAL gap_sum = top[row] - eta[row*D + k];
                REAL distance_sum = gap_sum + tau[row];
                REAL m = REAL(1)/distance_sum;
                REAL m_high = coarse(m);
                REAL d_high = upper(distance_sum);
                REAL distance_back = distance_sum - tau[row];
                REAL distance_left = distance_sum - distance_back;
                REAL distance_lost = tau[row] - distance_left;
                REAL distance_right = gap_sum - distance_back;
                REAL distance_error = distance_lost + distance_right;
                REAL gap_back = gap_sum - top[row];
                REAL gap_left = gap_sum - gap_back;
                REAL gap_lost = top[row] - gap_left;
                REAL gap_right = -eta[row*D + k] - gap_back;
                REAL gap_error = gap_lost + gap_right;
                REAL d_low = distance_sum - d_high;
                REAL near_one = REAL(1) - d_high*m_high;
                REAL remaining = near_one - d_low*m_high;
                REAL m_low = (m_high == REAL(0) ? m : (remaining - m_high*(distance_error + gap_error))/distance_sum);
                high_sum_part += m_high;
                low_sum_part += m_low;
            }
            accumulate(high_sum, high_sum_rest, high_sum_part);
            accumulate(low_sum, low_sum_rest, low_sum_part);
        }
        high_sum = block_reduce<Sum>(high_sum, REAL(0), lanes);
        low_sum = block_reduce<Sum>(low_sum, REAL(0), lanes);
        REAL not_high = REAL(1) - high_sum;
        if (threadIdx.x == 0) missing[row] = not_high - low_sum;
    }
}


// log Z relative to max(eta).
//     {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}
//     {p}_{r,k} = \frac{{m}_{r,k}}{{\sigma}_{r}}
//     {\xi^{x}}_{r,k,n} = {p}_{r,k} {\zeta^{x}}_{n}
//     {\xi^{y}}_{r,k,n} = {p}_{r,k} {\zeta^{y}}_{n}
//     {\Phi^{x}}_{r,n} = \Re \sum_{k} \varphi\left({\xi^{x}}_{r,k,n} + i\,{\xi^{y}}_{r,k,n}\right)
//     {\Phi^{y}}_{r,n} = \Im \sum_{k} \varphi\left({\xi^{x}}_{r,k,n} + i\,{\xi^{y}}_{r,k,n}\right)
//     {H^{x}}_{r,n} = {\varepsilon}_{r} {\zeta^{x}}_{n} + {\Phi^{x}}_{r,n}
//     {H^{y}}_{r,n} = {\varepsilon}_{r} {\zeta^{y}}_{n} + {\Phi^{y}}_{r,n}
//     {e^{\Re H}}_{r,n} = e^{{H^{x}}_{r,n}}
//     {W^{x}}_{r,n} = \left(- \sin{\left({H^{y}}_{r,n} \right)} {w^{y}}_{n} + \cos{\left({H^{y}}_{r,n} \right)} {w^{x}}_{n}\right) {e^{\Re H}}_{r,n}
//     {W^{y}}_{r,n} = \left(\sin{\left({H^{y}}_{r,n} \right)} {w^{x}}_{n} + \cos{\left({H^{y}}_{r,n} \right)} {w^{y}}_{n}\right) {e^{\Re H}}_{r,n}
//     {F}_{r} = \sum_{n=0}^{N - 1} {W^{x}}_{r,n}
//     {\log Z}_{r} = \log{\left({F}_{r} \right)} - \log{\left({\sigma}_{r} \right)} + {\tau}_{r} - \sum_{k=0}^{D - 1} \log{\left({g}_{r,k} + {\tau}_{r} \right)}
// One block per row (and stride over rows); a thread owns k = threadIdx.x, + blockDim.x, ...
// `scratch`: D numbers a block.
extern "C" __global__ void log_partition(
    const REAL *__restrict__ gap, const REAL *__restrict__ tau, const REAL *__restrict__ sigma, const REAL *__restrict__ excess, const REAL *__restrict__ zeta_x, const REAL *__restrict__ zeta_y, const REAL *__restrict__ w_x, const REAL *__restrict__ w_y, long long R, long long D, long long N, REAL *__restrict__ log_Z, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    scratch += blockIdx.x*(D);
    REAL *m = scratch; scratch += D;
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL inverse_sigma = REAL(1)/sigma[row];
        REAL raw_log_Z = REAL(0);
        REAL raw_log_Z_rest = REAL(0);
        for (long long k_0 = 0; k_0 < D; k_0 += 16LL*blockDim.x) {
            REAL raw_log_Z_part = REAL(0);
            for (long long k = k_0 + threadIdx.x; k < D && k < k_0 + 16LL*blockDim.x; k += blockDim.x) {
                m[k] = REAL(1)/(gap[row*D + k] + tau[row]);
                raw_log_Z_part += log(gap[row*D + k] + tau[row]);
            }
            accumulate(raw_log_Z, raw_log_Z_rest, raw_log_Z_part);
        }
        raw_log_Z = block_reduce<Sum>(raw_log_Z, REAL(0), lanes);
        REAL F = REAL(0);
        for (long long node = 0; node < N; node += 1) {
            REAL remainder_x = REAL(0);
            REAL remainder_y = REAL(0);
            REAL remainder_x_rest = REAL(0);
            REAL remainder_y_rest = REAL(0);
            for (long long k_0 = 0; k_0 < D; k_0 += 16LL*blockDim.x) {
                REAL remainder_x_product = REAL(0);
                REAL remainder_y_product = REAL(0);
                REAL remainder_x_first = REAL(0);
                REAL remainder_y_first = REAL(0);
                for (long long k = k_0 + threadIdx.x; k < D && k < k_0 + 16LL*blockDim.x; k += blockDim.x) {
                    REAL p = inverse_sigma*m[k];
                    REAL xi_x = p*zeta_x[node];
                    REAL xi_y = p*zeta_y[node];
                    multiply(remainder_x_product, remainder_y_product, remainder_x_first, remainder_y_first, xi_x, xi_y);
                }
                accumulate_group(remainder_x, remainder_x_rest, remainder_y, remainder_y_rest, remainder_x_product, remainder_y_product, remainder_x_first, remainder_y_first);
            }
            remainder_x = block_reduce<Sum>(remainder_x, REAL(0), lanes);
            remainder_y = block_reduce<Sum>(remainder_y, REAL(0), lanes);
            REAL H_x = remainder_x + excess[row]*zeta_x[node];
            REAL height = exp(H_x);
            REAL H_y = remainder_y + excess[row]*zeta_y[node];
            REAL W_x = height*(w_x[node]*cos(H_y) - w_y[node]*sin(H_y));
            F += W_x;
        }
        if (threadIdx.x == 0) log_Z[row] = tau[row] + log(F) - raw_log_Z - log(sigma[row]);
    }
}


// log Z relative to max(eta), and the means.
//     {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}
//     {p}_{r,k} = \frac{{m}_{r,k}}{{\sigma}_{r}}
//     {\xi^{x}}_{r,k,n} = {p}_{r,k} {\zeta^{x}}_{n}
//     {\xi^{y}}_{r,k,n} = {p}_{r,k} {\zeta^{y}}_{n}
//     {\Phi^{x}}_{r,n} = \Re \sum_{k} \varphi\left({\xi^{x}}_{r,k,n} + i\,{\xi^{y}}_{r,k,n}\right)
//     {\Phi^{y}}_{r,n} = \Im \sum_{k} \varphi\left({\xi^{x}}_{r,k,n} + i\,{\xi^{y}}_{r,k,n}\right)
//     {H^{x}}_{r,n} = {\varepsilon}_{r} {\zeta^{x}}_{n} + {\Phi^{x}}_{r,n}
//     {H^{y}}_{r,n} = {\varepsilon}_{r} {\zeta^{y}}_{n} + {\Phi^{y}}_{r,n}
//     {e^{\Re H}}_{r,n} = e^{{H^{x}}_{r,n}}
//     {W^{x}}_{r,n} = \left(- \sin{\left({H^{y}}_{r,n} \right)} {w^{y}}_{n} + \cos{\left({H^{y}}_{r,n} \right)} {w^{x}}_{n}\right) {e^{\Re H}}_{r,n}
//     {W^{y}}_{r,n} = \left(\sin{\left({H^{y}}_{r,n} \right)} {w^{x}}_{n} + \cos{\left({H^{y}}_{r,n} \right)} {w^{y}}_{n}\right) {e^{\Re H}}_{r,n}
//     {F}_{r} = \sum_{n=0}^{N - 1} {W^{x}}_{r,n}
//     {b}_{r,k,n} = {\xi^{x}}_{r,k,n} + 1
//     {q}_{r,k,n} = {b}_{r,k,n}^{2} + {\xi^{y}}_{r,k,n}^{2}
//     {\log Z}_{r} = \log{\left({F}_{r} \right)} - \log{\left({\sigma}_{r} \right)} + {\tau}_{r} - \sum_{k=0}^{D - 1} \log{\left({g}_{r,k} + {\tau}_{r} \right)}
//     {\mu}_{r,k} = \frac{{m}_{r,k} \sum_{n=0}^{N - 1} \frac{{W^{x}}_{r,n} {b}_{r,k,n} + {W^{y}}_{r,n} {\xi^{y}}_{r,k,n}}{{q}_{r,k,n}}}{{F}_{r}}
// One block per row (and stride over rows); a thread owns k = threadIdx.x, + blockDim.x, ...
// `scratch`: 2*D numbers a block.
extern "C" __global__ void log_partition_and_mean(
    const REAL *__restrict__ gap, const REAL *__restrict__ tau, const REAL *__restrict__ sigma, const REAL *__restrict__ excess, const REAL *__restrict__ zeta_x, const REAL *__restrict__ zeta_y, const REAL *__restrict__ w_x, const REAL *__restrict__ w_y, long long R, long long D, long long N, REAL *__restrict__ log_Z, REAL *__restrict__ mean, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    scratch += blockIdx.x*(2*D);
    REAL *m = scratch; scratch += D;
    REAL *raw_mean = scratch; scratch += D;
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL inverse_sigma = REAL(1)/sigma[row];
        REAL raw_log_Z = REAL(0);
        REAL raw_log_Z_rest = REAL(0);
        for (long long k_0 = 0; k_0 < D; k_0 += 16LL*blockDim.x) {
            REAL raw_log_Z_part = REAL(0);
            for (long long k = k_0 + threadIdx.x; k < D && k < k_0 + 16LL*blockDim.x; k += blockDim.x) {
                m[k] = REAL(1)/(gap[row*D + k] + tau[row]);
                raw_log_Z_part += log(gap[row*D + k] + tau[row]);
            }
            accumulate(raw_log_Z, raw_log_Z_rest, raw_log_Z_part);
        }
        raw_log_Z = block_reduce<Sum>(raw_log_Z, REAL(0), lanes);
        REAL F = REAL(0);
        for (long long k = threadIdx.x; k < D; k += blockDim.x) {
            raw_mean[k] = REAL(0);
        }
        for (long long node = 0; node < N; node += 1) {
            REAL remainder_x = REAL(0);
            REAL remainder_y = REAL(0);
            REAL remainder_x_rest = REAL(0);
            REAL remainder_y_rest = REAL(0);
            for (long long k_0 = 0; k_0 < D; k_0 += 16LL*blockDim.x) {
                REAL remainder_x_product = REAL(0);
                REAL remainder_y_product = REAL(0);
                REAL remainder_x_first = REAL(0);
                REAL remainder_y_first = REAL(0);
                for (long long k = k_0 + threadIdx.x; k < D && k < k_0 + 16LL*blockDim.x; k += blockDim.x) {
                    REAL p = inverse_sigma*m[k];
                    REAL xi_x = p*zeta_x[node];
                    REAL xi_y = p*zeta_y[node];
                    multiply(remainder_x_product, remainder_y_product, remainder_x_first, remainder_y_first, xi_x, xi_y);
                }
                accumulate_group(remainder_x, remainder_x_rest, remainder_y, remainder_y_rest, remainder_x_product, remainder_y_product, remainder_x_first, remainder_y_first);
            }
            remainder_x = block_reduce<Sum>(remainder_x, REAL(0), lanes);
            remainder_y = block_reduce<Sum>(remainder_y, REAL(0), lanes);
            REAL H_x = remainder_x + excess[row]*zeta_x[node];
            REAL height = exp(H_x);
            REAL H_y = remainder_y + excess[row]*zeta_y[node];
            REAL W_x = height*(w_x[node]*cos(H_y) - w_y[node]*sin(H_y));
            REAL W_y = height*(w_x[node]*sin(H_y) + w_y[node]*cos(H_y));
            F += W_x;
            for (long long k = threadIdx.x; k < D; k += blockDim.x) {
                REAL p = inverse_sigma*m[k];
                REAL xi_x = p*zeta_x[node];
                REAL b = REAL(1) + xi_x;
                REAL xi_y = p*zeta_y[node];
                REAL q = (b*b) + (xi_y*xi_y);
                raw_mean[k] += (W_x*b + W_y*xi_y)/q;
            }
        }
        if (threadIdx.x == 0) log_Z[row] = tau[row] + log(F) - raw_log_Z - log(sigma[row]);
        REAL inverse_F = REAL(1)/F;
        for (long long k = threadIdx.x; k < D; k += blockDim.x) {
            mean[row*D + k] = inverse_F*m[k]*raw_mean[k];
        }
    }
}


// log Z relative to max(eta), means beside other categories, and the weighted integrand at the nodes.
//     \log Z_r = \tau_r - \sum_k\log(\tau_r + g_{r,k}) - \Lambda'_r - \log\sigma_r + \log F_r
//     W_{r,n} = w_n \exp\Big(\varepsilon_r\zeta_n + \Phi'_{r,n} + \sum_k\varphi(p_{r,k}\zeta_n)\Big),\qquad F_r = \operatorname{Re}\sum_n W_{r,n}
//     \mu_{r,k} = \frac{m_{r,k}}{F_r} \operatorname{Re}\sum_n \frac{W_{r,n}}{1 + p_{r,k}\zeta_n}
// One block per row (and stride over rows); a thread owns k = threadIdx.x, + blockDim.x, ...
// `scratch`: 2*D numbers a block.
extern "C" __global__ void log_partition_mean_and_weights(
    const REAL *__restrict__ gap, const REAL *__restrict__ tau, const REAL *__restrict__ sigma, const REAL *__restrict__ excess, const REAL *__restrict__ zeta_x, const REAL *__restrict__ zeta_y, const REAL *__restrict__ w_x, const REAL *__restrict__ w_y, const REAL *__restrict__ rest_x, const REAL *__restrict__ rest_y, const REAL *__restrict__ rest_log, long long R, long long D, long long N, REAL *__restrict__ log_Z, REAL *__restrict__ mean, REAL *__restrict__ F, REAL *__restrict__ W_x, REAL *__restrict__ W_y, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    scratch += blockIdx.x*(2*D);
    REAL *m = scratch; scratch += D;
    REAL *raw_mean = scratch; scratch += D;
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL inverse_sigma = REAL(1)/sigma[row];
        REAL raw_log_Z = REAL(0);
        REAL raw_log_Z_rest = REAL(0);
        for (long long k_0 = 0; k_0 < D; k_0 += 16LL*blockDim.x) {
            REAL raw_log_Z_part = REAL(0);
            for (long long k = k_0 + threadIdx.x; k < D && k < k_0 + 16LL*blockDim.x; k += blockDim.x) {
                m[k] = REAL(1)/(gap[row*D + k] + tau[row]);
                raw_log_Z_part += log(gap[row*D + k] + tau[row]);
            }
            accumulate(raw_log_Z, raw_log_Z_rest, raw_log_Z_part);
        }
        raw_log_Z = block_reduce<Sum>(raw_log_Z, REAL(0), lanes);
        REAL F_value = REAL(0);
        for (long long k = threadIdx.x; k < D; k += blockDim.x) {
            raw_mean[k] = REAL(0);
        }
        for (long long node = 0; node < N; node += 1) {
            REAL remainder_x = REAL(0);
            REAL remainder_y = REAL(0);
            REAL remainder_x_rest = REAL(0);
            REAL remainder_y_rest = REAL(0);
            for (long long k_0 = 0; k_0 < D; k_0 += 16LL*blockDim.x) {
                REAL remainder_x_part = REAL(0);
                REAL remainder_y_part = REAL(0);
                for (long long k = k_0 + threadIdx.x; k < D && k < k_0 + 16LL*blockDim.x; k += blockDim.x) {
                    REAL p = inverse_sigma*m[k];
                    REAL xi_x = p*zeta_x[node];
                    REAL two_plus = REAL(2) + xi_x;
                    REAL xi_y = p*zeta_y[node];
                    REAL norm = (two_plus*two_plus) + (xi_y*xi_y);
                    REAL s_x = ((xi_y*xi_y) + two_plus*xi_x)/norm;
                    REAL s_y = REAL(2)*xi_y/norm;
                    REAL t_x = (s_x*s_x) - (s_y*s_y);
                    REAL series_10_x = REAL(1)/REAL(21) + (REAL(1)/REAL(23))*t_x;
                    REAL t_y = REAL(2)*s_x*s_y;
                    REAL series_10_y = (REAL(1)/REAL(23))*t_y;
                    REAL series_9_x = REAL(1)/REAL(19) + series_10_x*t_x - series_10_y*t_y;
                    REAL series_9_y = series_10_x*t_y + series_10_y*t_x;
                    REAL series_8_x = REAL(1)/REAL(17) + series_9_x*t_x - series_9_y*t_y;
                    REAL series_8_y = series_9_x*t_y + series_9_y*t_x;
                    REAL series_7_x = REAL(1)/REAL(15) + series_8_x*t_x - series_8_y*t_y;
                    REAL series_7_y = series_8_x*t_y + series_8_y*t_x;
                    REAL series_6_x = REAL(1)/REAL(13) + series_7_x*t_x - series_7_y*t_y;
                    REAL series_6_y = series_7_x*t_y + series_7_y*t_x;
                    REAL series_5_x = REAL(1)/REAL(11) + series_6_x*t_x - series_6_y*t_y;
                    REAL series_5_y = series_6_x*t_y + series_6_y*t_x;
                    REAL series_4_x = REAL(1)/REAL(9) + series_5_x*t_x - series_5_y*t_y;
                    REAL series_4_y = series_5_x*t_y + series_5_y*t_x;
                    REAL series_3_x = REAL(1)/REAL(7) + series_4_x*t_x - series_4_y*t_y;
                    REAL series_3_y = series_4_x*t_y + series_4_y*t_x;
                    REAL series_2_x = REAL(1)/REAL(5) + series_3_x*t_x - series_3_y*t_y;
                    REAL series_2_y = series_3_x*t_y + series_3_y*t_x;
                    REAL series_1_x = REAL(1)/REAL(3) + series_2_x*t_x - series_2_y*t_y;
                    REAL series_1_y = series_2_x*t_y + series_2_y*t_x;
                    REAL remaining_x = xi_x + REAL(2)*series_1_y*t_y - REAL(2)*series_1_x*t_x;
                    REAL remaining_y = xi_y - REAL(2)*series_1_x*t_y - REAL(2)*series_1_y*t_x;
                    REAL phi_x = ((s_x*s_x) + (s_y*s_y) < REAL(1)/REAL(25) ? remaining_x*s_x - remaining_y*s_y : xi_x - REAL(1)/REAL(2)*log1p((xi_y*xi_y) + two_plus*xi_x));
                    REAL phi_y = ((s_x*s_x) + (s_y*s_y) < REAL(1)/REAL(25) ? remaining_x*s_y + remaining_y*s_x : xi_y - atan2(xi_y, REAL(1) + xi_x));
                    remainder_x_part += phi_x;
                    remainder_y_part += phi_y;
                }
                accumulate(remainder_x, remainder_x_rest, remainder_x_part);
                accumulate(remainder_y, remainder_y_rest, remainder_y_part);
            }
            remainder_x = block_reduce<Sum>(remainder_x, REAL(0), lanes);
            remainder_y = block_reduce<Sum>(remainder_y, REAL(0), lanes);
            REAL H_x = remainder_x + rest_x[row*N + node] + excess[row]*zeta_x[node];
            REAL height = exp(H_x);
            REAL H_y = remainder_y + rest_y[row*N + node] + excess[row]*zeta_y[node];
            REAL W_x_value = height*(w_x[node]*cos(H_y) - w_y[node]*sin(H_y));
            F_value += W_x_value;
            REAL W_y_value = height*(w_x[node]*sin(H_y) + w_y[node]*cos(H_y));
            if (threadIdx.x == 0) W_x[row*N + node] = W_x_value;
            if (threadIdx.x == 0) W_y[row*N + node] = W_y_value;
            for (long long k = threadIdx.x; k < D; k += blockDim.x) {
                REAL p = inverse_sigma*m[k];
                REAL xi_x = p*zeta_x[node];
                REAL b = REAL(1) + xi_x;
                REAL xi_y = p*zeta_y[node];
                REAL q = (b*b) + (xi_y*xi_y);
                raw_mean[k] += (W_x_value*b + W_y_value*xi_y)/q;
            }
        }
        if (threadIdx.x == 0) log_Z[row] = tau[row] + log(F_value) - raw_log_Z - rest_log[row] - log(sigma[row]);
        REAL inverse_F = REAL(1)/F_value;
        if (threadIdx.x == 0) F[row] = F_value;
        for (long long k = threadIdx.x; k < D; k += blockDim.x) {
            mean[row*D + k] = inverse_F*m[k]*raw_mean[k];
        }
    }
}


// The variance of each category.
//     {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}
//     {p}_{r,k} = \frac{{m}_{r,k}}{{\sigma}_{r}}
//     {\xi^{x}}_{r,k,n} = {p}_{r,k} {\zeta^{x}}_{n}
//     {\xi^{y}}_{r,k,n} = {p}_{r,k} {\zeta^{y}}_{n}
//     {b}_{r,k,n} = {\xi^{x}}_{r,k,n} + 1
//     {q}_{r,k,n} = {b}_{r,k,n}^{2} + {\xi^{y}}_{r,k,n}^{2}
//     {V^{x}}_{r,n} = \frac{{W^{x}}_{r,n}}{{F}_{r}}
//     {V^{y}}_{r,n} = \frac{{W^{y}}_{r,n}}{{F}_{r}}
//     {a^{x}}_{r,k,n} = \frac{{b}_{r,k,n} {m}_{r,k}}{{q}_{r,k,n}}
//     {a^{y}}_{r,k,n} = - \frac{{m}_{r,k} {\xi^{y}}_{r,k,n}}{{q}_{r,k,n}}
//     {\tilde a}_{r,k,n} = {a^{x}}_{r,k,n} - {\mu}_{r,k}
//     {\operatorname{Var}}_{r,k} = \sum_{n=0}^{N - 1} \left(\left({\tilde a}_{r,k,n}^{2} - {a^{y}}_{r,k,n}^{2}\right) {V^{x}}_{r,n} + \left({a^{x}}_{r,k,n}^{2} - {a^{y}}_{r,k,n}^{2}\right) {V^{x}}_{r,n} - 2 {V^{y}}_{r,n} {\tilde a}_{r,k,n} {a^{y}}_{r,k,n} - 2 {V^{y}}_{r,n} {a^{x}}_{r,k,n} {a^{y}}_{r,k,n}\right)
// One block per row (and stride over rows); a thread owns k = threadIdx.x, + blockDim.x, ...
// `scratch`: 2*D numbers a block.
extern "C" __global__ void variances(
    const REAL *__restrict__ gap, const REAL *__restrict__ tau, const REAL *__restrict__ sigma, const REAL *__restrict__ mean, const REAL *__restrict__ F, const REAL *__restrict__ W_x, const REAL *__restrict__ W_y, const REAL *__restrict__ zeta_x, const REAL *__restrict__ zeta_y, long long R, long long D, long long N, REAL *__restrict__ variance, REAL *__restrict__ scratch)
{
    scratch += blockIdx.x*(2*D);
    REAL *m = scratch; scratch += D;
    REAL *variance_value = scratch; scratch += D;
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL inverse_sigma = REAL(1)/sigma[row];
        REAL inverse_F = REAL(1)/F[row];
        for (long long k = threadIdx.x; k < D; k += blockDim.x) {
            m[k] = REAL(1)/(gap[row*D + k] + tau[row]);
        }
        for (long long k = threadIdx.x; k < D; k += blockDim.x) {
            variance_value[k] = REAL(0);
        }
        for (long long node = 0; node < N; node += 1) {
            for (long long k = threadIdx.x; k < D; k += blockDim.x) {
                REAL p = inverse_sigma*m[k];
                REAL xi_x = p*zeta_x[node];
                REAL b = REAL(1) + xi_x;
                REAL xi_y = p*zeta_y[node];
                REAL q = (b*b) + (xi_y*xi_y);
                REAL a_x = b*m[k]/q;
                REAL a_y = -m[k]*xi_y/q;
                REAL V_x = W_x[row*N + node]*inverse_F;
                REAL V_y = W_y[row*N + node]*inverse_F;
                REAL a_centred = a_x - mean[row*D + k];
                variance_value[k] += V_x*((a_centred*a_centred) - (a_y*a_y)) + V_x*((a_x*a_x) - (a_y*a_y)) - REAL(2)*V_y*a_centred*a_y - REAL(2)*V_y*a_x*a_y;
            }
        }
        for (long long k = threadIdx.x; k < D; k += blockDim.x) {
            variance[row*D + k] = variance_value[k];
        }
    }
}


// The covariance matrix times a vector.
//     {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}
//     {p}_{r,k} = \frac{{m}_{r,k}}{{\sigma}_{r}}
//     {\xi^{x}}_{r,k,n} = {p}_{r,k} {\zeta^{x}}_{n}
//     {\xi^{y}}_{r,k,n} = {p}_{r,k} {\zeta^{y}}_{n}
//     {b}_{r,k,n} = {\xi^{x}}_{r,k,n} + 1
//     {q}_{r,k,n} = {b}_{r,k,n}^{2} + {\xi^{y}}_{r,k,n}^{2}
//     {V^{x}}_{r,n} = \frac{{W^{x}}_{r,n}}{{F}_{r}}
//     {V^{y}}_{r,n} = \frac{{W^{y}}_{r,n}}{{F}_{r}}
//     {a^{x}}_{r,k,n} = \frac{{b}_{r,k,n} {m}_{r,k}}{{q}_{r,k,n}}
//     {a^{y}}_{r,k,n} = - \frac{{m}_{r,k} {\xi^{y}}_{r,k,n}}{{q}_{r,k,n}}
//     {\tilde a}_{r,k,n} = {a^{x}}_{r,k,n} - {\mu}_{r,k}
//     {d^{x}}_{r,k,n} = \frac{{b}_{r,k,n} {m}_{r,k}}{{q}_{r,k,n}}
//     {d^{y}}_{r,k,n} = - \frac{{m}_{r,k} {\xi^{y}}_{r,k,n}}{{q}_{r,k,n}}
//     {\tilde d}_{r,k,n} = {d^{x}}_{r,k,n} - {\mu}_{r,k}
//     {c^{x}}_{r,n} = \sum_{k=0}^{D - 1} {\tilde a}_{r,k,n} {v}_{r,k}
//     {c^{y}}_{r,n} = \sum_{k=0}^{D - 1} {a^{y}}_{r,k,n} {v}_{r,k}
//     {(\operatorname{Cov}v)}_{r,k} = \sum_{n=0}^{N - 1} \left(\left(\left({d^{x}}_{r,k,n}^{2} - {d^{y}}_{r,k,n}^{2}\right) {V^{x}}_{r,n} - 2 {V^{y}}_{r,n} {d^{x}}_{r,k,n} {d^{y}}_{r,k,n}\right) {v}_{r,k} + \left({c^{x}}_{r,n} {\tilde d}_{r,k,n} - {c^{y}}_{r,n} {d^{y}}_{r,k,n}\right) {V^{x}}_{r,n} - \left({c^{x}}_{r,n} {d^{y}}_{r,k,n} + {c^{y}}_{r,n} {\tilde d}_{r,k,n}\right) {V^{y}}_{r,n}\right)
// One block per row (and stride over rows); a thread owns k = threadIdx.x, + blockDim.x, ...
// `scratch`: 2*D numbers a block.
extern "C" __global__ void covariance_matvec(
    const REAL *__restrict__ gap, const REAL *__restrict__ tau, const REAL *__restrict__ sigma, const REAL *__restrict__ mean, const REAL *__restrict__ F, const REAL *__restrict__ W_x, const REAL *__restrict__ W_y, const REAL *__restrict__ zeta_x, const REAL *__restrict__ zeta_y, const REAL *__restrict__ v, long long R, long long D, long long N, REAL *__restrict__ product, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    scratch += blockIdx.x*(2*D);
    REAL *m = scratch; scratch += D;
    REAL *product_value = scratch; scratch += D;
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL inverse_sigma = REAL(1)/sigma[row];
        REAL inverse_F = REAL(1)/F[row];
        for (long long k = threadIdx.x; k < D; k += blockDim.x) {
            m[k] = REAL(1)/(gap[row*D + k] + tau[row]);
        }
        for (long long k = threadIdx.x; k < D; k += blockDim.x) {
            product_value[k] = REAL(0);
        }
        for (long long node = 0; node < N; node += 1) {
            REAL c_x = REAL(0);
            REAL c_y = REAL(0);
            REAL c_x_rest = REAL(0);
            REAL c_y_rest = REAL(0);
            for (long long k_0 = 0; k_0 < D; k_0 += 16LL*blockDim.x) {
                REAL c_x_part = REAL(0);
                REAL c_y_part = REAL(0);
                for (long long k = k_0 + threadIdx.x; k < D && k < k_0 + 16LL*blockDim.x; k += blockDim.x) {
                    REAL p = inverse_sigma*m[k];
                    REAL xi_x = p*zeta_x[node];
                    REAL b = REAL(1) + xi_x;
                    REAL xi_y = p*zeta_y[node];
                    REAL q = (b*b) + (xi_y*xi_y);
                    REAL a_x = b*m[k]/q;
                    REAL a_y = -m[k]*xi_y/q;
                    REAL a_centred = a_x - mean[row*D + k];
                    c_x_part += a_centred*v[row*D + k];
                    c_y_part += a_y*v[row*D + k];
                }
                accumulate(c_x, c_x_rest, c_x_part);
                accumulate(c_y, c_y_rest, c_y_part);
            }
            c_x = block_reduce<Sum>(c_x, REAL(0), lanes);
            c_y = block_reduce<Sum>(c_y, REAL(0), lanes);
            for (long long k = threadIdx.x; k < D; k += blockDim.x) {
                REAL p = inverse_sigma*m[k];
                REAL xi_x = p*zeta_x[node];
                REAL b = REAL(1) + xi_x;
                REAL xi_y = p*zeta_y[node];
                REAL q = (b*b) + (xi_y*xi_y);
                REAL d_x = b*m[k]/q;
                REAL d_y = -m[k]*xi_y/q;
                REAL V_x = W_x[row*N + node]*inverse_F;
                REAL V_y = W_y[row*N + node]*inverse_F;
                REAL d_centred = d_x - mean[row*D + k];
                product_value[k] += V_x*(c_x*d_centred - c_y*d_y) + v[row*D + k]*(V_x*((d_x*d_x) - (d_y*d_y)) - REAL(2)*V_y*d_x*d_y) - V_y*(c_x*d_y + c_y*d_centred);
            }
        }
        for (long long k = threadIdx.x; k < D; k += blockDim.x) {
            product[row*D + k] = product_value[k];
        }
    }
}


// The exponent at the nodes of small categories, by 9 power sums.
//     \Phi'_{r,n} = \sum_{j=2}^{T} \frac{(-1)^j}{j} \Big(\sum_k p_{r,k}^j\Big) \zeta_n^j,\qquad p = \frac{1}{\sigma(\tau + g)}
//     \Lambda'_r = \sum_k \log(\tau_r + g_{r,k})
// One block per row (and stride over rows); a thread owns k = threadIdx.x, + blockDim.x, ...
// `scratch`: 0 numbers a block.
extern "C" __global__ void power_sums_10(
    const REAL *__restrict__ gap, const REAL *__restrict__ tau, const REAL *__restrict__ sigma, const REAL *__restrict__ zeta_x, const REAL *__restrict__ zeta_y, long long R, long long D, long long N, REAL *__restrict__ rest_x, REAL *__restrict__ rest_y, REAL *__restrict__ rest_log, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL inverse_sigma = REAL(1)/sigma[row];
        REAL kappa_2 = REAL(0);
        REAL kappa_3 = REAL(0);
        REAL kappa_4 = REAL(0);
        REAL kappa_5 = REAL(0);
        REAL kappa_6 = REAL(0);
        REAL kappa_7 = REAL(0);
        REAL kappa_8 = REAL(0);
        REAL kappa_9 = REAL(0);
        REAL kappa_10 = REAL(0);
        REAL rest_log_value = REAL(0);
        REAL kappa_2_rest = REAL(0);
        REAL kappa_3_rest = REAL(0);
        REAL kappa_4_rest = REAL(0);
        REAL kappa_5_rest = REAL(0);
        REAL kappa_6_rest = REAL(0);
        REAL kappa_7_rest = REAL(0);
        REAL kappa_8_rest = REAL(0);
        REAL kappa_9_rest = REAL(0);
        REAL kappa_10_rest = REAL(0);
        REAL rest_log_value_rest = REAL(0);
        for (long long k_0 = 0; k_0 < D; k_0 += 16LL*blockDim.x) {
            REAL kappa_2_part = REAL(0);
            REAL kappa_3_part = REAL(0);
            REAL kappa_4_part = REAL(0);
            REAL kappa_5_part = REAL(0);
            REAL kappa_6_part = REAL(0);
            REAL kappa_7_part = REAL(0);
            REAL kappa_8_part = REAL(0);
            REAL kappa_9_part = REAL(0);
            REAL kappa_10_part = REAL(0);
            REAL rest_log_value_part = REAL(0);
            for (long long k = k_0 + threadIdx.x; k < D && k < k_0 + 16LL*blockDim.x; k += blockDim.x) {
                REAL m = REAL(1)/(gap[row*D + k] + tau[row]);
                REAL p = inverse_sigma*m;
                kappa_2_part += (p*p);
                REAL power_2 = (p*p);
                kappa_3_part += p*power_2;
                kappa_4_part += (power_2*power_2);
                REAL power_3 = p*power_2;
                kappa_5_part += power_2*power_3;
                kappa_6_part += (power_3*power_3);
                REAL power_4 = (power_2*power_2);
                kappa_7_part += power_3*power_4;
                kappa_8_part += (power_4*power_4);
                REAL power_5 = power_2*power_3;
                kappa_9_part += power_4*power_5;
                kappa_10_part += (power_5*power_5);
                rest_log_value_part += log(gap[row*D + k] + tau[row]);
            }
            accumulate(kappa_2, kappa_2_rest, kappa_2_part);
            accumulate(kappa_3, kappa_3_rest, kappa_3_part);
            accumulate(kappa_4, kappa_4_rest, kappa_4_part);
            accumulate(kappa_5, kappa_5_rest, kappa_5_part);
            accumulate(kappa_6, kappa_6_rest, kappa_6_part);
            accumulate(kappa_7, kappa_7_rest, kappa_7_part);
            accumulate(kappa_8, kappa_8_rest, kappa_8_part);
            accumulate(kappa_9, kappa_9_rest, kappa_9_part);
            accumulate(kappa_10, kappa_10_rest, kappa_10_part);
            accumulate(rest_log_value, rest_log_value_rest, rest_log_value_part);
        }
        kappa_2 = block_reduce<Sum>(kappa_2, REAL(0), lanes);
        kappa_3 = block_reduce<Sum>(kappa_3, REAL(0), lanes);
        kappa_4 = block_reduce<Sum>(kappa_4, REAL(0), lanes);
        kappa_5 = block_reduce<Sum>(kappa_5, REAL(0), lanes);
        kappa_6 = block_reduce<Sum>(kappa_6, REAL(0), lanes);
        kappa_7 = block_reduce<Sum>(kappa_7, REAL(0), lanes);
        kappa_8 = block_reduce<Sum>(kappa_8, REAL(0), lanes);
        kappa_9 = block_reduce<Sum>(kappa_9, REAL(0), lanes);
        kappa_10 = block_reduce<Sum>(kappa_10, REAL(0), lanes);
        rest_log_value = block_reduce<Sum>(rest_log_value, REAL(0), lanes);
        if (threadIdx.x == 0) rest_log[row] = rest_log_value;
        for (long long node = 0; node < N; node += 1) {
            REAL horner_10_x = (REAL(1)/REAL(10))*kappa_10*zeta_x[node] - REAL(1)/REAL(9)*kappa_9;
            REAL horner_10_y = (REAL(1)/REAL(10))*kappa_10*zeta_y[node];
            REAL horner_9_x = (REAL(1)/REAL(8))*kappa_8 + horner_10_x*zeta_x[node] - horner_10_y*zeta_y[node];
            REAL horner_9_y = horner_10_x*zeta_y[node] + horner_10_y*zeta_x[node];
            REAL horner_8_x = horner_9_x*zeta_x[node] - REAL(1)/REAL(7)*kappa_7 - horner_9_y*zeta_y[node];
            REAL horner_8_y = horner_9_x*zeta_y[node] + horner_9_y*zeta_x[node];
            REAL horner_7_x = (REAL(1)/REAL(6))*kappa_6 + horner_8_x*zeta_x[node] - horner_8_y*zeta_y[node];
            REAL horner_7_y = horner_8_x*zeta_y[node] + horner_8_y*zeta_x[node];
            REAL horner_6_x = horner_7_x*zeta_x[node] - REAL(1)/REAL(5)*kappa_5 - horner_7_y*zeta_y[node];
            REAL horner_6_y = horner_7_x*zeta_y[node] + horner_7_y*zeta_x[node];
            REAL horner_5_x = (REAL(1)/REAL(4))*kappa_4 + horner_6_x*zeta_x[node] - horner_6_y*zeta_y[node];
            REAL horner_5_y = horner_6_x*zeta_y[node] + horner_6_y*zeta_x[node];
            REAL horner_4_x = horner_5_x*zeta_x[node] - REAL(1)/REAL(3)*kappa_3 - horner_5_y*zeta_y[node];
            REAL horner_4_y = horner_5_x*zeta_y[node] + horner_5_y*zeta_x[node];
            REAL horner_3_x = (REAL(1)/REAL(2))*kappa_2 + horner_4_x*zeta_x[node] - horner_4_y*zeta_y[node];
            REAL horner_3_y = horner_4_x*zeta_y[node] + horner_4_y*zeta_x[node];
            REAL horner_2_x = horner_3_x*zeta_x[node] - horner_3_y*zeta_y[node];
            REAL horner_2_y = horner_3_x*zeta_y[node] + horner_3_y*zeta_x[node];
            REAL horner_1_x = horner_2_x*zeta_x[node] - horner_2_y*zeta_y[node];
            if (threadIdx.x == 0) rest_x[row*N + node] = horner_1_x;
            REAL horner_1_y = horner_2_x*zeta_y[node] + horner_2_y*zeta_x[node];
            if (threadIdx.x == 0) rest_y[row*N + node] = horner_1_y;
        }
    }
}


// The means of small categories, polynomials in p with 9 terms.
//     \mu_{r,k} = \frac{m_{r,k}}{F_r} \sum_{j=0}^{T-2} (-p_{r,k})^j \operatorname{Re}\sum_n W_{r,n}\zeta_n^j
// One block per row (and stride over rows); a thread owns k = threadIdx.x, + blockDim.x, ...
// `scratch`: 0 numbers a block.
extern "C" __global__ void power_means_10(
    const REAL *__restrict__ gap, const REAL *__restrict__ tau, const REAL *__restrict__ sigma, const REAL *__restrict__ F, const REAL *__restrict__ W_x, const REAL *__restrict__ W_y, const REAL *__restrict__ zeta_x, const REAL *__restrict__ zeta_y, long long R, long long D, long long N, REAL *__restrict__ mean, REAL *__restrict__ scratch)
{
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL inverse_sigma = REAL(1)/sigma[row];
        REAL sigma_over_F = sigma[row]/F[row];
        REAL moment0 = REAL(0);
        REAL moment1 = REAL(0);
        REAL moment2 = REAL(0);
        REAL moment3 = REAL(0);
        REAL moment4 = REAL(0);
        REAL moment5 = REAL(0);
        REAL moment6 = REAL(0);
        REAL moment7 = REAL(0);
        REAL moment8 = REAL(0);
        for (long long node = 0; node < N; node += 1) {
            REAL scaled_x = W_x[row*N + node]*sigma_over_F;
            moment0 += scaled_x;
            REAL scaled_y = W_y[row*N + node]*sigma_over_F;
            REAL times_zeta_1_x = scaled_x*zeta_x[node] - scaled_y*zeta_y[node];
            moment1 += times_zeta_1_x;
            REAL times_zeta_1_y = scaled_x*zeta_y[node] + scaled_y*zeta_x[node];
            REAL times_zeta_2_x = times_zeta_1_x*zeta_x[node] - times_zeta_1_y*zeta_y[node];
            moment2 += times_zeta_2_x;
            REAL times_zeta_2_y = times_zeta_1_x*zeta_y[node] + times_zeta_1_y*zeta_x[node];
            REAL times_zeta_3_x = times_zeta_2_x*zeta_x[node] - times_zeta_2_y*zeta_y[node];
            moment3 += times_zeta_3_x;
            REAL times_zeta_3_y = times_zeta_2_x*zeta_y[node] + times_zeta_2_y*zeta_x[node];
            REAL times_zeta_4_x = times_zeta_3_x*zeta_x[node] - times_zeta_3_y*zeta_y[node];
            moment4 += times_zeta_4_x;
            REAL times_zeta_4_y = times_zeta_3_x*zeta_y[node] + times_zeta_3_y*zeta_x[node];
            REAL times_zeta_5_x = times_zeta_4_x*zeta_x[node] - times_zeta_4_y*zeta_y[node];
            moment5 += times_zeta_5_x;
            REAL times_zeta_5_y = times_zeta_4_x*zeta_y[node] + times_zeta_4_y*zeta_x[node];
            REAL times_zeta_6_x = times_zeta_5_x*zeta_x[node] - times_zeta_5_y*zeta_y[node];
            moment6 += times_zeta_6_x;
            REAL times_zeta_6_y = times_zeta_5_x*zeta_y[node] + times_zeta_5_y*zeta_x[node];
            REAL times_zeta_7_x = times_zeta_6_x*zeta_x[node] - times_zeta_6_y*zeta_y[node];
            moment7 += times_zeta_7_x;
            REAL times_zeta_7_y = times_zeta_6_x*zeta_y[node] + times_zeta_6_y*zeta_x[node];
            REAL times_zeta_8_x = times_zeta_7_x*zeta_x[node] - times_zeta_7_y*zeta_y[node];
            moment8 += times_zeta_8_x;
        }
        for (long long k = threadIdx.x; k < D; k += blockDim.x) {
            REAL m = REAL(1)/(gap[row*D + k] + tau[row]);
            REAL p = inverse_sigma*m;
            mean[row*D + k] = p*(moment0 - p*(moment1 - p*(moment2 - p*(moment3 - p*(moment4 - p*(moment5 - p*(moment6 - p*(moment7 - moment8*p))))))));
        }
    }
}


// The exponent at the nodes of small categories, by 19 power sums.
//     \Phi'_{r,n} = \sum_{j=2}^{T} \frac{(-1)^j}{j} \Big(\sum_k p_{r,k}^j\Big) \zeta_n^j,\qquad p = \frac{1}{\sigma(\tau + g)}
//     \Lambda'_r = \sum_k \log(\tau_r + g_{r,k})
// One block per row (and stride over rows); a thread owns k = threadIdx.x, + blockDim.x, ...
// `scratch`: 0 numbers a block.
extern "C" __global__ void power_sums_20(
    const REAL *__restrict__ gap, const REAL *__restrict__ tau, const REAL *__restrict__ sigma, const REAL *__restrict__ zeta_x, const REAL *__restrict__ zeta_y, long long R, long long D, long long N, REAL *__restrict__ rest_x, REAL *__restrict__ rest_y, REAL *__restrict__ rest_log, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL inverse_sigma = REAL(1)/sigma[row];
        REAL kappa_2 = REAL(0);
        REAL kappa_3 = REAL(0);
        REAL kappa_4 = REAL(0);
        REAL kappa_5 = REAL(0);
        REAL kappa_6 = REAL(0);
        REAL kappa_7 = REAL(0);
        REAL kappa_8 = REAL(0);
        REAL kappa_9 = REAL(0);
        REAL kappa_10 = REAL(0);
        REAL kappa_11 = REAL(0);
        REAL kappa_12 = REAL(0);
        REAL kappa_13 = REAL(0);
        REAL kappa_14 = REAL(0);
        REAL kappa_15 = REAL(0);
        REAL kappa_16 = REAL(0);
        REAL kappa_17 = REAL(0);
        REAL kappa_18 = REAL(0);
        REAL kappa_19 = REAL(0);
        REAL kappa_20 = REAL(0);
        REAL rest_log_value = REAL(0);
        REAL kappa_2_rest = REAL(0);
        REAL kappa_3_rest = REAL(0);
        REAL kappa_4_rest = REAL(0);
        REAL kappa_5_rest = REAL(0);
        REAL kappa_6_rest = REAL(0);
        REAL kappa_7_rest = REAL(0);
        REAL kappa_8_rest = REAL(0);
        REAL kappa_9_rest = REAL(0);
        REAL kappa_10_rest = REAL(0);
        REAL kappa_11_rest = REAL(0);
        REAL kappa_12_rest = REAL(0);
        REAL kappa_13_rest = REAL(0);
        REAL kappa_14_rest = REAL(0);
        REAL kappa_15_rest = REAL(0);
        REAL kappa_16_rest = REAL(0);
        REAL kappa_17_rest = REAL(0);
        REAL kappa_18_rest = REAL(0);
        REAL kappa_19_rest = REAL(0);
        REAL kappa_20_rest = REAL(0);
        REAL rest_log_value_rest = REAL(0);
        for (long long k_0 = 0; k_0 < D; k_0 += 16LL*blockDim.x) {
            REAL kappa_2_part = REAL(0);
            REAL kappa_3_part = REAL(0);
            REAL kappa_4_part = REAL(0);
            REAL kappa_5_part = REAL(0);
            REAL kappa_6_part = REAL(0);
            REAL kappa_7_part = REAL(0);
            REAL kappa_8_part = REAL(0);
            REAL kappa_9_part = REAL(0);
            REAL kappa_10_part = REAL(0);
            REAL kappa_11_part = REAL(0);
            REAL kappa_12_part = REAL(0);
            REAL kappa_13_part = REAL(0);
            REAL kappa_14_part = REAL(0);
            REAL kappa_15_part = REAL(0);
            REAL kappa_16_part = REAL(0);
            REAL kappa_17_part = REAL(0);
            REAL kappa_18_part = REAL(0);
            REAL kappa_19_part = REAL(0);
            REAL kappa_20_part = REAL(0);
            REAL rest_log_value_part = REAL(0);
            for (long long k = k_0 + threadIdx.x; k < D && k < k_0 + 16LL*blockDim.x; k += blockDim.x) {
                REAL m = REAL(1)/(gap[row*D + k] + tau[row]);
                REAL p = inverse_sigma*m;
                kappa_2_part += (p*p);
                REAL power_2 = (p*p);
                kappa_3_part += p*power_2;
                kappa_4_part += (power_2*power_2);
                REAL power_3 = p*power_2;
                kappa_5_part += power_2*power_3;
                kappa_6_part += (power_3*power_3);
                REAL power_4 = (power_2*power_2);
                kappa_7_part += power_3*power_4;
                kappa_8_part += (power_4*power_4);
                REAL power_5 = power_2*power_3;
                kappa_9_part += power_4*power_5;
                kappa_10_part += (power_5*power_5);
                REAL power_6 = (power_3*power_3);
                kappa_11_part += power_5*power_6;
                kappa_12_part += (power_6*power_6);
                REAL power_7 = power_3*power_4;
                kappa_13_part += power_6*power_7;
                kappa_14_part += (power_7*power_7);
                REAL power_8 = (power_4*power_4);
                kappa_15_part += power_7*power_8;
                kappa_16_part += (power_8*power_8);
                REAL power_9 = power_4*power_5;
                kappa_17_part += power_8*power_9;
                kappa_18_part += (power_9*power_9);
                REAL power_10 = (power_5*power_5);
                kappa_19_part += power_10*power_9;
                kappa_20_part += (power_10*power_10);
                rest_log_value_part += log(gap[row*D + k] + tau[row]);
            }
            accumulate(kappa_2, kappa_2_rest, kappa_2_part);
            accumulate(kappa_3, kappa_3_rest, kappa_3_part);
            accumulate(kappa_4, kappa_4_rest, kappa_4_part);
            accumulate(kappa_5, kappa_5_rest, kappa_5_part);
            accumulate(kappa_6, kappa_6_rest, kappa_6_part);
            accumulate(kappa_7, kappa_7_rest, kappa_7_part);
            accumulate(kappa_8, kappa_8_rest, kappa_8_part);
            accumulate(kappa_9, kappa_9_rest, kappa_9_part);
            accumulate(kappa_10, kappa_10_rest, kappa_10_part);
            accumulate(kappa_11, kappa_11_rest, kappa_11_part);
            accumulate(kappa_12, kappa_12_rest, kappa_12_part);
            accumulate(kappa_13, kappa_13_rest, kappa_13_part);
            accumulate(kappa_14, kappa_14_rest, kappa_14_part);
            accumulate(kappa_15, kappa_15_rest, kappa_15_part);
            accumulate(kappa_16, kappa_16_rest, kappa_16_part);
            accumulate(kappa_17, kappa_17_rest, kappa_17_part);
            accumulate(kappa_18, kappa_18_rest, kappa_18_part);
            accumulate(kappa_19, kappa_19_rest, kappa_19_part);
            accumulate(kappa_20, kappa_20_rest, kappa_20_part);
            accumulate(rest_log_value, rest_log_value_rest, rest_log_value_part);
        }
        kappa_2 = block_reduce<Sum>(kappa_2, REAL(0), lanes);
        kappa_3 = block_reduce<Sum>(kappa_3, REAL(0), lanes);
        kappa_4 = block_reduce<Sum>(kappa_4, REAL(0), lanes);
        kappa_5 = block_reduce<Sum>(kappa_5, REAL(0), lanes);
        kappa_6 = block_reduce<Sum>(kappa_6, REAL(0), lanes);
        kappa_7 = block_reduce<Sum>(kappa_7, REAL(0), lanes);
        kappa_8 = block_reduce<Sum>(kappa_8, REAL(0), lanes);
        kappa_9 = block_reduce<Sum>(kappa_9, REAL(0), lanes);
        kappa_10 = block_reduce<Sum>(kappa_10, REAL(0), lanes);
        kappa_11 = block_reduce<Sum>(kappa_11, REAL(0), lanes);
        kappa_12 = block_reduce<Sum>(kappa_12, REAL(0), lanes);
        kappa_13 = block_reduce<Sum>(kappa_13, REAL(0), lanes);
        kappa_14 = block_reduce<Sum>(kappa_14, REAL(0), lanes);
        kappa_15 = block_reduce<Sum>(kappa_15, REAL(0), lanes);
        kappa_16 = block_reduce<Sum>(kappa_16, REAL(0), lanes);
        kappa_17 = block_reduce<Sum>(kappa_17, REAL(0), lanes);
        kappa_18 = block_reduce<Sum>(kappa_18, REAL(0), lanes);
        kappa_19 = block_reduce<Sum>(kappa_19, REAL(0), lanes);
        kappa_20 = block_reduce<Sum>(kappa_20, REAL(0), lanes);
        rest_log_value = block_reduce<Sum>(rest_log_value, REAL(0), lanes);
        if (threadIdx.x == 0) rest_log[row] = rest_log_value;
        for (long long node = 0; node < N; node += 1) {
            REAL horner_20_x = (REAL(1)/REAL(20))*kappa_20*zeta_x[node] - REAL(1)/REAL(19)*kappa_19;
            REAL horner_20_y = (REAL(1)/REAL(20))*kappa_20*zeta_y[node];
            REAL horner_19_x = (REAL(1)/REAL(18))*kappa_18 + horner_20_x*zeta_x[node] - horner_20_y*zeta_y[node];
            REAL horner_19_y = horner_20_x*zeta_y[node] + horner_20_y*zeta_x[node];
            REAL horner_18_x = horner_19_x*zeta_x[node] - REAL(1)/REAL(17)*kappa_17 - horner_19_y*zeta_y[node];
            REAL horner_18_y = horner_19_x*zeta_y[node] + horner_19_y*zeta_x[node];
            REAL horner_17_x = (REAL(1)/REAL(16))*kappa_16 + horner_18_x*zeta_x[node] - horner_18_y*zeta_y[node];
            REAL horner_17_y = horner_18_x*zeta_y[node] + horner_18_y*zeta_x[node];
            REAL horner_16_x = horner_17_x*zeta_x[node] - REAL(1)/REAL(15)*kappa_15 - horner_17_y*zeta_y[node];
            REAL horner_16_y = horner_17_x*zeta_y[node] + horner_17_y*zeta_x[node];
            REAL horner_15_x = (REAL(1)/REAL(14))*kappa_14 + horner_16_x*zeta_x[node] - horner_16_y*zeta_y[node];
            REAL horner_15_y = horner_16_x*zeta_y[node] + horner_16_y*zeta_x[node];
            REAL horner_14_x = horner_15_x*zeta_x[node] - REAL(1)/REAL(13)*kappa_13 - horner_15_y*zeta_y[node];
            REAL horner_14_y = horner_15_x*zeta_y[node] + horner_15_y*zeta_x[node];
            REAL horner_13_x = (REAL(1)/REAL(12))*kappa_12 + horner_14_x*zeta_x[node] - horner_14_y*zeta_y[node];
            REAL horner_13_y = horner_14_x*zeta_y[node] + horner_14_y*zeta_x[node];
            REAL horner_12_x = horner_13_x*zeta_x[node] - REAL(1)/REAL(11)*kappa_11 - horner_13_y*zeta_y[node];
            REAL horner_12_y = horner_13_x*zeta_y[node] + horner_13_y*zeta_x[node];
            REAL horner_11_x = (REAL(1)/REAL(10))*kappa_10 + horner_12_x*zeta_x[node] - horner_12_y*zeta_y[node];
            REAL horner_11_y = horner_12_x*zeta_y[node] + horner_12_y*zeta_x[node];
            REAL horner_10_x = horner_11_x*zeta_x[node] - REAL(1)/REAL(9)*kappa_9 - horner_11_y*zeta_y[node];
            REAL horner_10_y = horner_11_x*zeta_y[node] + horner_11_y*zeta_x[node];
            REAL horner_9_x = (REAL(1)/REAL(8))*kappa_8 + horner_10_x*zeta_x[node] - horner_10_y*zeta_y[node];
            REAL horner_9_y = horner_10_x*zeta_y[node] + horner_10_y*zeta_x[node];
            REAL horner_8_x = horner_9_x*zeta_x[node] - REAL(1)/REAL(7)*kappa_7 - horner_9_y*zeta_y[node];
            REAL horner_8_y = horner_9_x*zeta_y[node] + horner_9_y*zeta_x[node];
            REAL horner_7_x = (REAL(1)/REAL(6))*kappa_6 + horner_8_x*zeta_x[node] - horner_8_y*zeta_y[node];
            REAL horner_7_y = horner_8_x*zeta_y[node] + horner_8_y*zeta_x[node];
            REAL horner_6_x = horner_7_x*zeta_x[node] - REAL(1)/REAL(5)*kappa_5 - horner_7_y*zeta_y[node];
            REAL horner_6_y = horner_7_x*zeta_y[node] + horner_7_y*zeta_x[node];
            REAL horner_5_x = (REAL(1)/REAL(4))*kappa_4 + horner_6_x*zeta_x[node] - horner_6_y*zeta_y[node];
            REAL horner_5_y = horner_6_x*zeta_y[node] + horner_6_y*zeta_x[node];
            REAL horner_4_x = horner_5_x*zeta_x[node] - REAL(1)/REAL(3)*kappa_3 - horner_5_y*zeta_y[node];
            REAL horner_4_y = horner_5_x*zeta_y[node] + horner_5_y*zeta_x[node];
            REAL horner_3_x = (REAL(1)/REAL(2))*kappa_2 + horner_4_x*zeta_x[node] - horner_4_y*zeta_y[node];
            REAL horner_3_y = horner_4_x*zeta_y[node] + horner_4_y*zeta_x[node];
            REAL horner_2_x = horner_3_x*zeta_x[node] - horner_3_y*zeta_y[node];
            REAL horner_2_y = horner_3_x*zeta_y[node] + horner_3_y*zeta_x[node];
            REAL horner_1_x = horner_2_x*zeta_x[node] - horner_2_y*zeta_y[node];
            if (threadIdx.x == 0) rest_x[row*N + node] = horner_1_x;
            REAL horner_1_y = horner_2_x*zeta_y[node] + horner_2_y*zeta_x[node];
            if (threadIdx.x == 0) rest_y[row*N + node] = horner_1_y;
        }
    }
}


// The means of small categories, polynomials in p with 19 terms.
//     \mu_{r,k} = \frac{m_{r,k}}{F_r} \sum_{j=0}^{T-2} (-p_{r,k})^j \operatorname{Re}\sum_n W_{r,n}\zeta_n^j
// One block per row (and stride over rows); a thread owns k = threadIdx.x, + blockDim.x, ...
// `scratch`: 0 numbers a block.
extern "C" __global__ void power_means_20(
    const REAL *__restrict__ gap, const REAL *__restrict__ tau, const REAL *__restrict__ sigma, const REAL *__restrict__ F, const REAL *__restrict__ W_x, const REAL *__restrict__ W_y, const REAL *__restrict__ zeta_x, const REAL *__restrict__ zeta_y, long long R, long long D, long long N, REAL *__restrict__ mean, REAL *__restrict__ scratch)
{
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL inverse_sigma = REAL(1)/sigma[row];
        REAL sigma_over_F = sigma[row]/F[row];
        REAL moment0 = REAL(0);
        REAL moment1 = REAL(0);
        REAL moment2 = REAL(0);
        REAL moment3 = REAL(0);
        REAL moment4 = REAL(0);
        REAL moment5 = REAL(0);
        REAL moment6 = REAL(0);
        REAL moment7 = REAL(0);
        REAL moment8 = REAL(0);
        REAL moment9 = REAL(0);
        REAL moment10 = REAL(0);
        REAL moment11 = REAL(0);
        REAL moment12 = REAL(0);
        REAL moment13 = REAL(0);
        REAL moment14 = REAL(0);
        REAL moment15 = REAL(0);
        REAL moment16 = REAL(0);
        REAL moment17 = REAL(0);
        REAL moment18 = REAL(0);
        for (long long node = 0; node < N; node += 1) {
            REAL scaled_x = W_x[row*N + node]*sigma_over_F;
            moment0 += scaled_x;
            REAL scaled_y = W_y[row*N + node]*sigma_over_F;
            REAL times_zeta_1_x = scaled_x*zeta_x[node] - scaled_y*zeta_y[node];
            moment1 += times_zeta_1_x;
            REAL times_zeta_1_y = scaled_x*zeta_y[node] + scaled_y*zeta_x[node];
            REAL times_zeta_2_x = times_zeta_1_x*zeta_x[node] - times_zeta_1_y*zeta_y[node];
            moment2 += times_zeta_2_x;
            REAL times_zeta_2_y = times_zeta_1_x*zeta_y[node] + times_zeta_1_y*zeta_x[node];
            REAL times_zeta_3_x = times_zeta_2_x*zeta_x[node] - times_zeta_2_y*zeta_y[node];
            moment3 += times_zeta_3_x;
            REAL times_zeta_3_y = times_zeta_2_x*zeta_y[node] + times_zeta_2_y*zeta_x[node];
            REAL times_zeta_4_x = times_zeta_3_x*zeta_x[node] - times_zeta_3_y*zeta_y[node];
            moment4 += times_zeta_4_x;
            REAL times_zeta_4_y = times_zeta_3_x*zeta_y[node] + times_zeta_3_y*zeta_x[node];
            REAL times_zeta_5_x = times_zeta_4_x*zeta_x[node] - times_zeta_4_y*zeta_y[node];
            moment5 += times_zeta_5_x;
            REAL times_zeta_5_y = times_zeta_4_x*zeta_y[node] + times_zeta_4_y*zeta_x[node];
            REAL times_zeta_6_x = times_zeta_5_x*zeta_x[node] - times_zeta_5_y*zeta_y[node];
            moment6 += times_zeta_6_x;
            REAL times_zeta_6_y = times_zeta_5_x*zeta_y[node] + times_zeta_5_y*zeta_x[node];
            REAL times_zeta_7_x = times_zeta_6_x*zeta_x[node] - times_zeta_6_y*zeta_y[node];
            moment7 += times_zeta_7_x;
            REAL times_zeta_7_y = times_zeta_6_x*zeta_y[node] + times_zeta_6_y*zeta_x[node];
            REAL times_zeta_8_x = times_zeta_7_x*zeta_x[node] - times_zeta_7_y*zeta_y[node];
            moment8 += times_zeta_8_x;
            REAL times_zeta_8_y = times_zeta_7_x*zeta_y[node] + times_zeta_7_y*zeta_x[node];
            REAL times_zeta_9_x = times_zeta_8_x*zeta_x[node] - times_zeta_8_y*zeta_y[node];
            moment9 += times_zeta_9_x;
            REAL times_zeta_9_y = times_zeta_8_x*zeta_y[node] + times_zeta_8_y*zeta_x[node];
            REAL times_zeta_10_x = times_zeta_9_x*zeta_x[node] - times_zeta_9_y*zeta_y[node];
            moment10 += times_zeta_10_x;
            REAL times_zeta_10_y = times_zeta_9_x*zeta_y[node] + times_zeta_9_y*zeta_x[node];
            REAL times_zeta_11_x = times_zeta_10_x*zeta_x[node] - times_zeta_10_y*zeta_y[node];
            moment11 += times_zeta_11_x;
            REAL times_zeta_11_y = times_zeta_10_x*zeta_y[node] + times_zeta_10_y*zeta_x[node];
            REAL times_zeta_12_x = times_zeta_11_x*zeta_x[node] - times_zeta_11_y*zeta_y[node];
            moment12 += times_zeta_12_x;
            REAL times_zeta_12_y = times_zeta_11_x*zeta_y[node] + times_zeta_11_y*zeta_x[node];
            REAL times_zeta_13_x = times_zeta_12_x*zeta_x[node] - times_zeta_12_y*zeta_y[node];
            moment13 += times_zeta_13_x;
            REAL times_zeta_13_y = times_zeta_12_x*zeta_y[node] + times_zeta_12_y*zeta_x[node];
            REAL times_zeta_14_x = times_zeta_13_x*zeta_x[node] - times_zeta_13_y*zeta_y[node];
            moment14 += times_zeta_14_x;
            REAL times_zeta_14_y = times_zeta_13_x*zeta_y[node] + times_zeta_13_y*zeta_x[node];
            REAL times_zeta_15_x = times_zeta_14_x*zeta_x[node] - times_zeta_14_y*zeta_y[node];
            moment15 += times_zeta_15_x;
            REAL times_zeta_15_y = times_zeta_14_x*zeta_y[node] + times_zeta_14_y*zeta_x[node];
            REAL times_zeta_16_x = times_zeta_15_x*zeta_x[node] - times_zeta_15_y*zeta_y[node];
            moment16 += times_zeta_16_x;
            REAL times_zeta_16_y = times_zeta_15_x*zeta_y[node] + times_zeta_15_y*zeta_x[node];
            REAL times_zeta_17_x = times_zeta_16_x*zeta_x[node] - times_zeta_16_y*zeta_y[node];
            moment17 += times_zeta_17_x;
            REAL times_zeta_17_y = times_zeta_16_x*zeta_y[node] + times_zeta_16_y*zeta_x[node];
            REAL times_zeta_18_x = times_zeta_17_x*zeta_x[node] - times_zeta_17_y*zeta_y[node];
            moment18 += times_zeta_18_x;
        }
        for (long long k = threadIdx.x; k < D; k += blockDim.x) {
            REAL m = REAL(1)/(gap[row*D + k] + tau[row]);
            REAL p = inverse_sigma*m;
            mean[row*D + k] = p*(moment0 - p*(moment1 - p*(moment2 - p*(moment3 - p*(moment4 - p*(moment5 - p*(moment6 - p*(moment7 - p*(moment8 - p*(moment9 - p*(moment10 - p*(moment11 - p*(moment12 - p*(moment13 - p*(moment14 - p*(moment15 - p*(moment16 - p*(moment17 - moment18*p))))))))))))))))));
        }
    }
}
