// Generated from derivations/cc_contour.py. Do not edit: change the derivation and run `make generate`.
// Compile with -DREAL=float or -DREAL=double.
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

// A group of terms xi = x + iy of a sum of xi - log(1 + xi): `product` is that of the factors 1 + xi, less 1, `first` the sum of the xi.
#define GROUP (sizeof(REAL) == 4 ? 16 : 32)
__device__ inline void multiply(REAL &product_x, REAL &product_y, REAL &first_x, REAL &first_y, REAL x, REAL y)
{
    REAL turned = x + (x*product_x - y*product_y);
    product_y += y + (x*product_y + y*product_x);
    product_x += turned;
    first_x += x;
    first_y += y;
}

// A group goes into the sum: one logarithm for all its terms.
__device__ inline void flush(REAL &sum_x, REAL &sum_y, REAL &product_x, REAL &product_y, REAL &first_x, REAL &first_y)
{
    sum_x += first_x - log1p(product_x*(REAL(2) + product_x) + product_y*product_y)/REAL(2);
    sum_y += first_y - atan2(product_y, REAL(1) + product_x);
    product_x = product_y = first_x = first_y = REAL(0);
}

// total += part; what rounding takes away is kept in `rest` and given back at the next turn.
__device__ inline void accumulate(REAL &total, REAL &rest, REAL part)
{
    REAL whole = part - rest, raised = total + whole;
    rest = raised - raised == REAL(0) ? (raised - total) - whole : REAL(0);
    total = raised;
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

// A start below the saddle.
//     {K}_{r} = \sum_{k=0}^{D - 1} \begin{cases} 1 & \text{for}\: {g}_{r,k} \neq \infty \\0 & \text{otherwise} \end{cases}
//     {\bar g}_{r} = \frac{\sum_{k=0}^{D - 1} \begin{cases} {g}_{r,k} & \text{for}\: {g}_{r,k} \neq \infty \\0 & \text{otherwise} \end{cases}}{\max\left(1, {K}_{r} - 1\right)}
//     {\tau}_{r} = \max\left(1, \begin{cases} \frac{2}{\sqrt{\left(- \frac{{K}_{r}}{{\bar g}_{r}} + 1\right)^{2} + \frac{4}{{\bar g}_{r}}} - \frac{{K}_{r}}{{\bar g}_{r}} + 1} & \text{for}\: {K}_{r} < {\bar g}_{r} \\\frac{\sqrt{\left({K}_{r} - {\bar g}_{r}\right)^{2} + 4 {\bar g}_{r}}}{2} + \frac{{K}_{r}}{2} - \frac{{\bar g}_{r}}{2} & \text{otherwise} \end{cases}\right)
// One block per row (and stride over rows); a thread owns k = threadIdx.x, + blockDim.x, ...
// `scratch`: 0 numbers a block.
extern "C" __global__ void saddle_start(
    const REAL *__restrict__ gap, long long R, long long D, REAL *__restrict__ tau, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL count = REAL(0);
        REAL raw_mean_gap = REAL(0);
        REAL count_rest = REAL(0);
        REAL raw_mean_gap_rest = REAL(0);
        for (long long k_0 = 0; k_0 < D; k_0 += 128LL*blockDim.x) {
            REAL count_part = REAL(0);
            REAL raw_mean_gap_part = REAL(0);
            for (long long k = k_0 + threadIdx.x; k < D && k < k_0 + 128LL*blockDim.x; k += blockDim.x) {
                count_part += (gap[row*D + k] != INFINITE ? REAL(1) : REAL(0));
                raw_mean_gap_part += (gap[row*D + k] != INFINITE ? gap[row*D + k] : REAL(0));
            }
            accumulate(count, count_rest, count_part);
            accumulate(raw_mean_gap, raw_mean_gap_rest, raw_mean_gap_part);
        }
        count = block_reduce<Sum>(count, REAL(0), lanes);
        raw_mean_gap = block_reduce<Sum>(raw_mean_gap, REAL(0), lanes);
        REAL mean_gap = raw_mean_gap/maximum(REAL(1), count + REAL(-1));
        if (threadIdx.x == 0) tau[row] = maximum(REAL(1), (count < mean_gap ? REAL(2)/(REAL(1) + sqrt(((REAL(1) - count/mean_gap)*(REAL(1) - count/mean_gap)) + REAL(4)/mean_gap) - count/mean_gap) : (REAL(1)/REAL(2))*count + (REAL(1)/REAL(2))*sqrt(((count - mean_gap)*(count - mean_gap)) + REAL(4)*mean_gap) - REAL(1)/REAL(2)*mean_gap));
    }
}


// One Newton step.
//     {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}
//     {S}_{r} = \sum_{k=0}^{D - 1} {m}_{r,k}
//     {Q}_{r} = \sum_{k=0}^{D - 1} {m}_{r,k}^{2}
//     {\sigma}_{r} = \sqrt{{Q}_{r}}
//     {next\_tau}_{r} = \begin{cases} {\tau}_{r} & \text{for}\: {S}_{r} \leq \frac{{\sigma}_{r}}{100} + 1 \\\frac{\left({S}_{r} - 1\right) {S}_{r}}{{Q}_{r}} + {\tau}_{r} & \text{otherwise} \end{cases}
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
        for (long long k_0 = 0; k_0 < D; k_0 += 128LL*blockDim.x) {
            REAL S_part = REAL(0);
            REAL Q_part = REAL(0);
            for (long long k = k_0 + threadIdx.x; k < D && k < k_0 + 128LL*blockDim.x; k += blockDim.x) {
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


// 1 - sum of 1/(tau + gap).
//     {gap\_sum}_{r,k} = - {\eta}_{r,k} + {top}_{r}
//     {gap\_back}_{r,k} = {gap\_sum}_{r,k} - {top}_{r}
//     {gap\_left}_{r,k} = - {gap\_back}_{r,k} + {gap\_sum}_{r,k}
//     {gap\_lost}_{r,k} = - {gap\_left}_{r,k} + {top}_{r}
//     {gap\_right}_{r,k} = - {\eta}_{r,k} - {gap\_back}_{r,k}
//     {gap\_error}_{r,k} = {gap\_lost}_{r,k} + {gap\_right}_{r,k}
//     {d\_sum}_{r,k} = {gap\_sum}_{r,k} + {\tau}_{r}
//     {d\_back}_{r,k} = {d\_sum}_{r,k} - {\tau}_{r}
//     {d\_left}_{r,k} = - {d\_back}_{r,k} + {d\_sum}_{r,k}
//     {d\_lost}_{r,k} = - {d\_left}_{r,k} + {\tau}_{r}
//     {d\_right}_{r,k} = - {d\_back}_{r,k} + {gap\_sum}_{r,k}
//     {d\_error}_{r,k} = {d\_lost}_{r,k} + {d\_right}_{r,k}
//     {m}_{r,k} = \frac{1}{{d\_sum}_{r,k}}
//     {m\_high}_{r,k} = \operatorname{Coarse}{\left({m}_{r,k} \right)}
//     {d\_high}_{r,k} = \operatorname{Upper}{\left({d\_sum}_{r,k} \right)}
//     {d\_low}_{r,k} = - {d\_high}_{r,k} + {d\_sum}_{r,k}
//     {near\_1}_{r,k} = - {d\_high}_{r,k} {m\_high}_{r,k} + 1
//     {near\_2}_{r,k} = - {d\_low}_{r,k} {m\_high}_{r,k} + {near\_1}_{r,k}
//     {m\_low}_{r,k} = \begin{cases} {m}_{r,k} & \text{for}\: {m\_high}_{r,k} = 0 \\\frac{- \left({d\_error}_{r,k} + {gap\_error}_{r,k}\right) {m\_high}_{r,k} + {near\_2}_{r,k}}{{d\_sum}_{r,k}} & \text{otherwise} \end{cases}
//     {high\_sum}_{r} = \sum_{k=0}^{D - 1} {m\_high}_{r,k}
//     {low\_sum}_{r} = \sum_{k=0}^{D - 1} {m\_low}_{r,k}
//     {near\_all}_{r} = 1 - {high\_sum}_{r}
//     {missing}_{r} = - {low\_sum}_{r} + {near\_all}_{r}
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
        for (long long k_0 = 0; k_0 < D; k_0 += 128LL*blockDim.x) {
            REAL high_sum_part = REAL(0);
            REAL low_sum_part = REAL(0);
            for (long long k = k_0 + threadIdx.x; k < D && k < k_0 + 128LL*blockDim.x; k += blockDim.x) {
                REAL gap_sum = top[row] - eta[row*D + k];
                REAL d_sum = gap_sum + tau[row];
                REAL m = REAL(1)/d_sum;
                REAL m_high = coarse(m);
                REAL d_high = upper(d_sum);
                REAL d_back = d_sum - tau[row];
                REAL d_left = d_sum - d_back;
                REAL d_lost = tau[row] - d_left;
                REAL d_right = gap_sum - d_back;
                REAL d_error = d_lost + d_right;
                REAL gap_back = gap_sum - top[row];
                REAL gap_left = gap_sum - gap_back;
                REAL gap_lost = top[row] - gap_left;
                REAL gap_right = -eta[row*D + k] - gap_back;
                REAL gap_error = gap_lost + gap_right;
                REAL d_low = d_sum - d_high;
                REAL near_1 = REAL(1) - d_high*m_high;
                REAL near_2 = near_1 - d_low*m_high;
                REAL m_low = (m_high == REAL(0) ? m : (near_2 - m_high*(d_error + gap_error))/d_sum);
                high_sum_part += m_high;
                low_sum_part += m_low;
            }
            accumulate(high_sum, high_sum_rest, high_sum_part);
            accumulate(low_sum, low_sum_rest, low_sum_part);
        }
        high_sum = block_reduce<Sum>(high_sum, REAL(0), lanes);
        low_sum = block_reduce<Sum>(low_sum, REAL(0), lanes);
        REAL near_all = REAL(1) - high_sum;
        if (threadIdx.x == 0) missing[row] = near_all - low_sum;
    }
}


// log Z.
//     {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}
//     {p}_{r,k} = \frac{{m}_{r,k}}{{\sigma}_{r}}
//     {x}_{r,k,n} = {p}_{r,k} {\xi}_{n}
//     {y}_{r,k,n} = {p}_{r,k} {\upsilon}_{n}
//     {remainder\_x}_{r,n} = \Re \sum_{k} \varphi\left({x}_{r,k,n} + i\,{y}_{r,k,n}\right)
//     {remainder\_y}_{r,n} = \Im \sum_{k} \varphi\left({x}_{r,k,n} + i\,{y}_{r,k,n}\right)
//     {H\_x}_{r,n} = {\varepsilon}_{r} {\xi}_{n} + {remainder\_x}_{r,n} + {rest\_x}_{r,n}
//     {H\_y}_{r,n} = {\varepsilon}_{r} {\upsilon}_{n} + {remainder\_y}_{r,n} + {rest\_y}_{r,n}
//     {height}_{r,n} = e^{{H\_x}_{r,n}}
//     {W\_x}_{r,n} = \left(- \sin{\left({H\_y}_{r,n} \right)} {w^{\Im}}_{n} + \cos{\left({H\_y}_{r,n} \right)} {w^{\Re}}_{n}\right) {height}_{r,n}
//     {W\_y}_{r,n} = \left(\sin{\left({H\_y}_{r,n} \right)} {w^{\Re}}_{n} + \cos{\left({H\_y}_{r,n} \right)} {w^{\Im}}_{n}\right) {height}_{r,n}
//     {F}_{r} = \sum_{n=0}^{N - 1} {W\_x}_{r,n}
//     {log\_Z}_{r} = \log{\left({F}_{r} \right)} - \log{\left({\sigma}_{r} \right)} - {rest\_log}_{r} + {\tau}_{r} - \sum_{k=0}^{D - 1} \log{\left({g}_{r,k} + {\tau}_{r} \right)}
// One block per row (and stride over rows); a thread owns k = threadIdx.x, + blockDim.x, ...
// `scratch`: D numbers a block.
extern "C" __global__ void log_partition(
    const REAL *__restrict__ gap, const REAL *__restrict__ tau, const REAL *__restrict__ sigma, const REAL *__restrict__ excess, const REAL *__restrict__ rest_x, const REAL *__restrict__ rest_y, const REAL *__restrict__ rest_log, const REAL *__restrict__ zeta_x, const REAL *__restrict__ zeta_y, const REAL *__restrict__ w_x, const REAL *__restrict__ w_y, long long R, long long D, long long N, REAL *__restrict__ log_Z, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    scratch += blockIdx.x*(D);
    REAL *m = scratch; scratch += D;
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL inverse_sigma = REAL(1)/sigma[row];
        REAL raw_log_Z = REAL(0);
        REAL raw_log_Z_rest = REAL(0);
        for (long long k_0 = 0; k_0 < D; k_0 += 128LL*blockDim.x) {
            REAL raw_log_Z_part = REAL(0);
            for (long long k = k_0 + threadIdx.x; k < D && k < k_0 + 128LL*blockDim.x; k += blockDim.x) {
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
            for (long long k_0 = 0; k_0 < D; k_0 += 128LL*blockDim.x) {
                REAL remainder_x_part = REAL(0);
                REAL remainder_y_part = REAL(0);
                REAL remainder_x_product = REAL(0);
                REAL remainder_y_product = REAL(0);
                REAL remainder_x_first = REAL(0);
                REAL remainder_y_first = REAL(0);
                for (long long k = k_0 + threadIdx.x; k < D && k < k_0 + 128LL*blockDim.x; k += blockDim.x) {
                    REAL p = inverse_sigma*m[k];
                    REAL x = p*zeta_x[node];
                    REAL y = p*zeta_y[node];
                    multiply(remainder_x_product, remainder_y_product, remainder_x_first, remainder_y_first, x, y);
                    if (k/blockDim.x % GROUP == GROUP - 1) {
                        flush(remainder_x_part, remainder_y_part, remainder_x_product, remainder_y_product, remainder_x_first, remainder_y_first);
                    }
                }
                flush(remainder_x_part, remainder_y_part, remainder_x_product, remainder_y_product, remainder_x_first, remainder_y_first);
                accumulate(remainder_x, remainder_x_rest, remainder_x_part);
                accumulate(remainder_y, remainder_y_rest, remainder_y_part);
            }
            remainder_x = block_reduce<Sum>(remainder_x, REAL(0), lanes);
            remainder_y = block_reduce<Sum>(remainder_y, REAL(0), lanes);
            REAL H_x = remainder_x + rest_x[row*N + node] + excess[row]*zeta_x[node];
            REAL height = exp(H_x);
            REAL H_y = remainder_y + rest_y[row*N + node] + excess[row]*zeta_y[node];
            REAL W_x = height*(w_x[node]*cos(H_y) - w_y[node]*sin(H_y));
            F += W_x;
        }
        if (threadIdx.x == 0) log_Z[row] = tau[row] + log(F) - raw_log_Z - rest_log[row] - log(sigma[row]);
    }
}


// log Z and mean.
//     {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}
//     {p}_{r,k} = \frac{{m}_{r,k}}{{\sigma}_{r}}
//     {x}_{r,k,n} = {p}_{r,k} {\xi}_{n}
//     {y}_{r,k,n} = {p}_{r,k} {\upsilon}_{n}
//     {remainder\_x}_{r,n} = \Re \sum_{k} \varphi\left({x}_{r,k,n} + i\,{y}_{r,k,n}\right)
//     {remainder\_y}_{r,n} = \Im \sum_{k} \varphi\left({x}_{r,k,n} + i\,{y}_{r,k,n}\right)
//     {H\_x}_{r,n} = {\varepsilon}_{r} {\xi}_{n} + {remainder\_x}_{r,n} + {rest\_x}_{r,n}
//     {H\_y}_{r,n} = {\varepsilon}_{r} {\upsilon}_{n} + {remainder\_y}_{r,n} + {rest\_y}_{r,n}
//     {height}_{r,n} = e^{{H\_x}_{r,n}}
//     {b}_{r,k,n} = {x}_{r,k,n} + 1
//     {q}_{r,k,n} = {b}_{r,k,n}^{2} + {y}_{r,k,n}^{2}
//     {log\_Z}_{r} = \log{\left({F}_{r} \right)} - \log{\left({\sigma}_{r} \right)} - {rest\_log}_{r} + {\tau}_{r} - \sum_{k=0}^{D - 1} \log{\left({g}_{r,k} + {\tau}_{r} \right)}
//     {\mu}_{r,k} = \frac{{m}_{r,k} \sum_{n=0}^{N - 1} \frac{{W\_x}_{r,n} {b}_{r,k,n} + {W\_y}_{r,n} {y}_{r,k,n}}{{q}_{r,k,n}}}{{F}_{r}}
//     {F}_{r} = \sum_{n=0}^{N - 1} {W\_x}_{r,n}
//     {W\_x}_{r,n} = \left(- \sin{\left({H\_y}_{r,n} \right)} {w^{\Im}}_{n} + \cos{\left({H\_y}_{r,n} \right)} {w^{\Re}}_{n}\right) {height}_{r,n}
//     {W\_y}_{r,n} = \left(\sin{\left({H\_y}_{r,n} \right)} {w^{\Re}}_{n} + \cos{\left({H\_y}_{r,n} \right)} {w^{\Im}}_{n}\right) {height}_{r,n}
// One block per row (and stride over rows); a thread owns k = threadIdx.x, + blockDim.x, ...
// `scratch`: 2*D numbers a block.
extern "C" __global__ void log_partition_and_mean(
    const REAL *__restrict__ gap, const REAL *__restrict__ tau, const REAL *__restrict__ sigma, const REAL *__restrict__ excess, const REAL *__restrict__ rest_x, const REAL *__restrict__ rest_y, const REAL *__restrict__ rest_log, const REAL *__restrict__ zeta_x, const REAL *__restrict__ zeta_y, const REAL *__restrict__ w_x, const REAL *__restrict__ w_y, long long R, long long D, long long N, REAL *__restrict__ log_Z, REAL *__restrict__ mean, REAL *__restrict__ F, REAL *__restrict__ W_x, REAL *__restrict__ W_y, REAL *__restrict__ scratch)
{
    __shared__ REAL lanes[32];
    scratch += blockIdx.x*(2*D);
    REAL *m = scratch; scratch += D;
    REAL *raw_mean = scratch; scratch += D;
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL inverse_sigma = REAL(1)/sigma[row];
        REAL raw_log_Z = REAL(0);
        REAL raw_log_Z_rest = REAL(0);
        for (long long k_0 = 0; k_0 < D; k_0 += 128LL*blockDim.x) {
            REAL raw_log_Z_part = REAL(0);
            for (long long k = k_0 + threadIdx.x; k < D && k < k_0 + 128LL*blockDim.x; k += blockDim.x) {
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
            for (long long k_0 = 0; k_0 < D; k_0 += 128LL*blockDim.x) {
                REAL remainder_x_part = REAL(0);
                REAL remainder_y_part = REAL(0);
                REAL remainder_x_product = REAL(0);
                REAL remainder_y_product = REAL(0);
                REAL remainder_x_first = REAL(0);
                REAL remainder_y_first = REAL(0);
                for (long long k = k_0 + threadIdx.x; k < D && k < k_0 + 128LL*blockDim.x; k += blockDim.x) {
                    REAL p = inverse_sigma*m[k];
                    REAL x = p*zeta_x[node];
                    REAL y = p*zeta_y[node];
                    multiply(remainder_x_product, remainder_y_product, remainder_x_first, remainder_y_first, x, y);
                    if (k/blockDim.x % GROUP == GROUP - 1) {
                        flush(remainder_x_part, remainder_y_part, remainder_x_product, remainder_y_product, remainder_x_first, remainder_y_first);
                    }
                }
                flush(remainder_x_part, remainder_y_part, remainder_x_product, remainder_y_product, remainder_x_first, remainder_y_first);
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
                REAL x = p*zeta_x[node];
                REAL b = REAL(1) + x;
                REAL y = p*zeta_y[node];
                REAL q = (b*b) + (y*y);
                raw_mean[k] += (W_x_value*b + W_y_value*y)/q;
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


// Variance of each category.
//     {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}
//     {p}_{r,k} = \frac{{m}_{r,k}}{{\sigma}_{r}}
//     {x}_{r,k,n} = {p}_{r,k} {\xi}_{n}
//     {y}_{r,k,n} = {p}_{r,k} {\upsilon}_{n}
//     {b}_{r,k,n} = {x}_{r,k,n} + 1
//     {q}_{r,k,n} = {b}_{r,k,n}^{2} + {y}_{r,k,n}^{2}
//     {V\_x}_{r,n} = \frac{{W\_x}_{r,n}}{{F}_{r}}
//     {V\_y}_{r,n} = \frac{{W\_y}_{r,n}}{{F}_{r}}
//     {a\_x}_{r,k,n} = \frac{{b}_{r,k,n} {m}_{r,k}}{{q}_{r,k,n}}
//     {a\_y}_{r,k,n} = - \frac{{m}_{r,k} {y}_{r,k,n}}{{q}_{r,k,n}}
//     {a\_deviation}_{r,k,n} = {a\_x}_{r,k,n} - {\mu}_{r,k}
//     {variance}_{r,k} = \sum_{n=0}^{N - 1} \left(\left({a\_deviation}_{r,k,n}^{2} - {a\_y}_{r,k,n}^{2}\right) {V\_x}_{r,n} + \left({a\_x}_{r,k,n}^{2} - {a\_y}_{r,k,n}^{2}\right) {V\_x}_{r,n} - 2 {V\_y}_{r,n} {a\_deviation}_{r,k,n} {a\_y}_{r,k,n} - 2 {V\_y}_{r,n} {a\_x}_{r,k,n} {a\_y}_{r,k,n}\right)
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
                REAL x = p*zeta_x[node];
                REAL b = REAL(1) + x;
                REAL y = p*zeta_y[node];
                REAL q = (b*b) + (y*y);
                REAL a_x = b*m[k]/q;
                REAL a_y = -m[k]*y/q;
                REAL V_x = W_x[row*N + node]*inverse_F;
                REAL V_y = W_y[row*N + node]*inverse_F;
                REAL a_deviation = a_x - mean[row*D + k];
                variance_value[k] += V_x*((a_deviation*a_deviation) - (a_y*a_y)) + V_x*((a_x*a_x) - (a_y*a_y)) - REAL(2)*V_y*a_deviation*a_y - REAL(2)*V_y*a_x*a_y;
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
//     {x}_{r,k,n} = {p}_{r,k} {\xi}_{n}
//     {y}_{r,k,n} = {p}_{r,k} {\upsilon}_{n}
//     {b}_{r,k,n} = {x}_{r,k,n} + 1
//     {q}_{r,k,n} = {b}_{r,k,n}^{2} + {y}_{r,k,n}^{2}
//     {V\_x}_{r,n} = \frac{{W\_x}_{r,n}}{{F}_{r}}
//     {V\_y}_{r,n} = \frac{{W\_y}_{r,n}}{{F}_{r}}
//     {a\_x}_{r,k,n} = \frac{{b}_{r,k,n} {m}_{r,k}}{{q}_{r,k,n}}
//     {a\_y}_{r,k,n} = - \frac{{m}_{r,k} {y}_{r,k,n}}{{q}_{r,k,n}}
//     {a\_deviation}_{r,k,n} = {a\_x}_{r,k,n} - {\mu}_{r,k}
//     {e\_x}_{r,k,n} = \frac{{b}_{r,k,n} {m}_{r,k}}{{q}_{r,k,n}}
//     {e\_y}_{r,k,n} = - \frac{{m}_{r,k} {y}_{r,k,n}}{{q}_{r,k,n}}
//     {e\_deviation}_{r,k,n} = {e\_x}_{r,k,n} - {\mu}_{r,k}
//     {c\_x}_{r,n} = \sum_{k=0}^{D - 1} {a\_deviation}_{r,k,n} {v}_{r,k}
//     {c\_y}_{r,n} = \sum_{k=0}^{D - 1} {a\_y}_{r,k,n} {v}_{r,k}
//     {product}_{r,k} = \sum_{n=0}^{N - 1} \left(\left(\left({e\_x}_{r,k,n}^{2} - {e\_y}_{r,k,n}^{2}\right) {V\_x}_{r,n} - 2 {V\_y}_{r,n} {e\_x}_{r,k,n} {e\_y}_{r,k,n}\right) {v}_{r,k} + \left({c\_x}_{r,n} {e\_deviation}_{r,k,n} - {c\_y}_{r,n} {e\_y}_{r,k,n}\right) {V\_x}_{r,n} - \left({c\_x}_{r,n} {e\_y}_{r,k,n} + {c\_y}_{r,n} {e\_deviation}_{r,k,n}\right) {V\_y}_{r,n}\right)
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
            for (long long k_0 = 0; k_0 < D; k_0 += 128LL*blockDim.x) {
                REAL c_x_part = REAL(0);
                REAL c_y_part = REAL(0);
                for (long long k = k_0 + threadIdx.x; k < D && k < k_0 + 128LL*blockDim.x; k += blockDim.x) {
                    REAL p = inverse_sigma*m[k];
                    REAL x = p*zeta_x[node];
                    REAL b = REAL(1) + x;
                    REAL y = p*zeta_y[node];
                    REAL q = (b*b) + (y*y);
                    REAL a_x = b*m[k]/q;
                    REAL a_y = -m[k]*y/q;
                    REAL a_deviation = a_x - mean[row*D + k];
                    c_x_part += a_deviation*v[row*D + k];
                    c_y_part += a_y*v[row*D + k];
                }
                accumulate(c_x, c_x_rest, c_x_part);
                accumulate(c_y, c_y_rest, c_y_part);
            }
            c_x = block_reduce<Sum>(c_x, REAL(0), lanes);
            c_y = block_reduce<Sum>(c_y, REAL(0), lanes);
            for (long long k = threadIdx.x; k < D; k += blockDim.x) {
                REAL p = inverse_sigma*m[k];
                REAL x = p*zeta_x[node];
                REAL b = REAL(1) + x;
                REAL y = p*zeta_y[node];
                REAL q = (b*b) + (y*y);
                REAL e_x = b*m[k]/q;
                REAL e_y = -m[k]*y/q;
                REAL V_x = W_x[row*N + node]*inverse_F;
                REAL V_y = W_y[row*N + node]*inverse_F;
                REAL e_deviation = e_x - mean[row*D + k];
                product_value[k] += V_x*(c_x*e_deviation - c_y*e_y) + v[row*D + k]*(V_x*((e_x*e_x) - (e_y*e_y)) - REAL(2)*V_y*e_x*e_y) - V_y*(c_x*e_y + c_y*e_deviation);
            }
        }
        for (long long k = threadIdx.x; k < D; k += blockDim.x) {
            product[row*D + k] = product_value[k];
        }
    }
}


// The exponent of small categories at the nodes, by 10 power sums.
//     {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}
//     {p}_{r,k} = \frac{{m}_{r,k}}{{\sigma}_{r}}
//     {power\_2}_{r,k} = {p}_{r,k}^{2}
//     {power\_3}_{r,k} = {p}_{r,k} {power\_2}_{r,k}
//     {power\_4}_{r,k} = {power\_2}_{r,k}^{2}
//     {power\_5}_{r,k} = {power\_2}_{r,k} {power\_3}_{r,k}
//     {\kappa_{2}}_{r} = \sum_{k=0}^{D - 1} {p}_{r,k}^{2}
//     {\kappa_{3}}_{r} = \sum_{k=0}^{D - 1} {p}_{r,k} {power\_2}_{r,k}
//     {\kappa_{4}}_{r} = \sum_{k=0}^{D - 1} {power\_2}_{r,k}^{2}
//     {\kappa_{5}}_{r} = \sum_{k=0}^{D - 1} {power\_2}_{r,k} {power\_3}_{r,k}
//     {\kappa_{6}}_{r} = \sum_{k=0}^{D - 1} {power\_3}_{r,k}^{2}
//     {\kappa_{7}}_{r} = \sum_{k=0}^{D - 1} {power\_3}_{r,k} {power\_4}_{r,k}
//     {\kappa_{8}}_{r} = \sum_{k=0}^{D - 1} {power\_4}_{r,k}^{2}
//     {\kappa_{9}}_{r} = \sum_{k=0}^{D - 1} {power\_4}_{r,k} {power\_5}_{r,k}
//     {\kappa_{10}}_{r} = \sum_{k=0}^{D - 1} {power\_5}_{r,k}^{2}
//     {r\_y\_9}_{r,n} = \frac{{\kappa_{10}}_{r} {\upsilon}_{n}}{10}
//     {r\_x\_9}_{r,n} = \frac{{\kappa_{10}}_{r} {\xi}_{n}}{10} - \frac{{\kappa_{9}}_{r}}{9}
//     {r\_x\_8}_{r,n} = \frac{{\kappa_{8}}_{r}}{8} + {r\_x\_9}_{r,n} {\xi}_{n} - {r\_y\_9}_{r,n} {\upsilon}_{n}
//     {r\_y\_8}_{r,n} = {r\_x\_9}_{r,n} {\upsilon}_{n} + {r\_y\_9}_{r,n} {\xi}_{n}
//     {r\_x\_7}_{r,n} = - \frac{{\kappa_{7}}_{r}}{7} + {r\_x\_8}_{r,n} {\xi}_{n} - {r\_y\_8}_{r,n} {\upsilon}_{n}
//     {r\_y\_7}_{r,n} = {r\_x\_8}_{r,n} {\upsilon}_{n} + {r\_y\_8}_{r,n} {\xi}_{n}
//     {r\_x\_6}_{r,n} = \frac{{\kappa_{6}}_{r}}{6} + {r\_x\_7}_{r,n} {\xi}_{n} - {r\_y\_7}_{r,n} {\upsilon}_{n}
//     {r\_y\_6}_{r,n} = {r\_x\_7}_{r,n} {\upsilon}_{n} + {r\_y\_7}_{r,n} {\xi}_{n}
//     {r\_x\_5}_{r,n} = - \frac{{\kappa_{5}}_{r}}{5} + {r\_x\_6}_{r,n} {\xi}_{n} - {r\_y\_6}_{r,n} {\upsilon}_{n}
//     {r\_y\_5}_{r,n} = {r\_x\_6}_{r,n} {\upsilon}_{n} + {r\_y\_6}_{r,n} {\xi}_{n}
//     {r\_x\_4}_{r,n} = \frac{{\kappa_{4}}_{r}}{4} + {r\_x\_5}_{r,n} {\xi}_{n} - {r\_y\_5}_{r,n} {\upsilon}_{n}
//     {r\_y\_4}_{r,n} = {r\_x\_5}_{r,n} {\upsilon}_{n} + {r\_y\_5}_{r,n} {\xi}_{n}
//     {r\_x\_3}_{r,n} = - \frac{{\kappa_{3}}_{r}}{3} + {r\_x\_4}_{r,n} {\xi}_{n} - {r\_y\_4}_{r,n} {\upsilon}_{n}
//     {r\_y\_3}_{r,n} = {r\_x\_4}_{r,n} {\upsilon}_{n} + {r\_y\_4}_{r,n} {\xi}_{n}
//     {r\_x\_2}_{r,n} = \frac{{\kappa_{2}}_{r}}{2} + {r\_x\_3}_{r,n} {\xi}_{n} - {r\_y\_3}_{r,n} {\upsilon}_{n}
//     {r\_y\_2}_{r,n} = {r\_x\_3}_{r,n} {\upsilon}_{n} + {r\_y\_3}_{r,n} {\xi}_{n}
//     {one\_x}_{r,n} = {r\_x\_2}_{r,n} {\xi}_{n} - {r\_y\_2}_{r,n} {\upsilon}_{n}
//     {one\_y}_{r,n} = {r\_x\_2}_{r,n} {\upsilon}_{n} + {r\_y\_2}_{r,n} {\xi}_{n}
//     {rest\_x}_{r,n} = {one\_x}_{r,n} {\xi}_{n} - {one\_y}_{r,n} {\upsilon}_{n}
//     {rest\_y}_{r,n} = {one\_x}_{r,n} {\upsilon}_{n} + {one\_y}_{r,n} {\xi}_{n}
//     {rest\_log}_{r} = \sum_{k=0}^{D - 1} \log{\left({g}_{r,k} + {\tau}_{r} \right)}
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
        for (long long k_0 = 0; k_0 < D; k_0 += 128LL*blockDim.x) {
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
            for (long long k = k_0 + threadIdx.x; k < D && k < k_0 + 128LL*blockDim.x; k += blockDim.x) {
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
            REAL r_x_9 = (REAL(1)/REAL(10))*kappa_10*zeta_x[node] - REAL(1)/REAL(9)*kappa_9;
            REAL r_y_9 = (REAL(1)/REAL(10))*kappa_10*zeta_y[node];
            REAL r_x_8 = (REAL(1)/REAL(8))*kappa_8 + r_x_9*zeta_x[node] - r_y_9*zeta_y[node];
            REAL r_y_8 = r_x_9*zeta_y[node] + r_y_9*zeta_x[node];
            REAL r_x_7 = r_x_8*zeta_x[node] - REAL(1)/REAL(7)*kappa_7 - r_y_8*zeta_y[node];
            REAL r_y_7 = r_x_8*zeta_y[node] + r_y_8*zeta_x[node];
            REAL r_x_6 = (REAL(1)/REAL(6))*kappa_6 + r_x_7*zeta_x[node] - r_y_7*zeta_y[node];
            REAL r_y_6 = r_x_7*zeta_y[node] + r_y_7*zeta_x[node];
            REAL r_x_5 = r_x_6*zeta_x[node] - REAL(1)/REAL(5)*kappa_5 - r_y_6*zeta_y[node];
            REAL r_y_5 = r_x_6*zeta_y[node] + r_y_6*zeta_x[node];
            REAL r_x_4 = (REAL(1)/REAL(4))*kappa_4 + r_x_5*zeta_x[node] - r_y_5*zeta_y[node];
            REAL r_y_4 = r_x_5*zeta_y[node] + r_y_5*zeta_x[node];
            REAL r_x_3 = r_x_4*zeta_x[node] - REAL(1)/REAL(3)*kappa_3 - r_y_4*zeta_y[node];
            REAL r_y_3 = r_x_4*zeta_y[node] + r_y_4*zeta_x[node];
            REAL r_x_2 = (REAL(1)/REAL(2))*kappa_2 + r_x_3*zeta_x[node] - r_y_3*zeta_y[node];
            REAL r_y_2 = r_x_3*zeta_y[node] + r_y_3*zeta_x[node];
            REAL one_x = r_x_2*zeta_x[node] - r_y_2*zeta_y[node];
            REAL one_y = r_x_2*zeta_y[node] + r_y_2*zeta_x[node];
            if (threadIdx.x == 0) rest_x[row*N + node] = one_x*zeta_x[node] - one_y*zeta_y[node];
            if (threadIdx.x == 0) rest_y[row*N + node] = one_x*zeta_y[node] + one_y*zeta_x[node];
        }
    }
}


// The means of small categories.
//     {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}
//     {p}_{r,k} = \frac{{m}_{r,k}}{{\sigma}_{r}}
//     {v\_x\_1}_{r,n} = {W\_x}_{r,n} {\xi}_{n} - {W\_y}_{r,n} {\upsilon}_{n}
//     {v\_y\_1}_{r,n} = {W\_x}_{r,n} {\upsilon}_{n} + {W\_y}_{r,n} {\xi}_{n}
//     {v\_x\_2}_{r,n} = {v\_x\_1}_{r,n} {\xi}_{n} - {v\_y\_1}_{r,n} {\upsilon}_{n}
//     {v\_y\_2}_{r,n} = {v\_x\_1}_{r,n} {\upsilon}_{n} + {v\_y\_1}_{r,n} {\xi}_{n}
//     {v\_x\_3}_{r,n} = {v\_x\_2}_{r,n} {\xi}_{n} - {v\_y\_2}_{r,n} {\upsilon}_{n}
//     {v\_y\_3}_{r,n} = {v\_x\_2}_{r,n} {\upsilon}_{n} + {v\_y\_2}_{r,n} {\xi}_{n}
//     {v\_x\_4}_{r,n} = {v\_x\_3}_{r,n} {\xi}_{n} - {v\_y\_3}_{r,n} {\upsilon}_{n}
//     {v\_y\_4}_{r,n} = {v\_x\_3}_{r,n} {\upsilon}_{n} + {v\_y\_3}_{r,n} {\xi}_{n}
//     {v\_x\_5}_{r,n} = {v\_x\_4}_{r,n} {\xi}_{n} - {v\_y\_4}_{r,n} {\upsilon}_{n}
//     {v\_y\_5}_{r,n} = {v\_x\_4}_{r,n} {\upsilon}_{n} + {v\_y\_4}_{r,n} {\xi}_{n}
//     {v\_x\_6}_{r,n} = {v\_x\_5}_{r,n} {\xi}_{n} - {v\_y\_5}_{r,n} {\upsilon}_{n}
//     {v\_y\_6}_{r,n} = {v\_x\_5}_{r,n} {\upsilon}_{n} + {v\_y\_5}_{r,n} {\xi}_{n}
//     {v\_x\_7}_{r,n} = {v\_x\_6}_{r,n} {\xi}_{n} - {v\_y\_6}_{r,n} {\upsilon}_{n}
//     {v\_y\_7}_{r,n} = {v\_x\_6}_{r,n} {\upsilon}_{n} + {v\_y\_6}_{r,n} {\xi}_{n}
//     {v\_x\_8}_{r,n} = {v\_x\_7}_{r,n} {\xi}_{n} - {v\_y\_7}_{r,n} {\upsilon}_{n}
//     {v\_y\_8}_{r,n} = {v\_x\_7}_{r,n} {\upsilon}_{n} + {v\_y\_7}_{r,n} {\xi}_{n}
//     {M0}_{r} = \sum_{n=0}^{N - 1} {W\_x}_{r,n}
//     {M1}_{r} = \sum_{n=0}^{N - 1} {v\_x\_1}_{r,n}
//     {M2}_{r} = \sum_{n=0}^{N - 1} {v\_x\_2}_{r,n}
//     {M3}_{r} = \sum_{n=0}^{N - 1} {v\_x\_3}_{r,n}
//     {M4}_{r} = \sum_{n=0}^{N - 1} {v\_x\_4}_{r,n}
//     {M5}_{r} = \sum_{n=0}^{N - 1} {v\_x\_5}_{r,n}
//     {M6}_{r} = \sum_{n=0}^{N - 1} {v\_x\_6}_{r,n}
//     {M7}_{r} = \sum_{n=0}^{N - 1} {v\_x\_7}_{r,n}
//     {M8}_{r} = \sum_{n=0}^{N - 1} {v\_x\_8}_{r,n}
//     {\mu}_{r,k} = \frac{\left(- \left(- \left(- \left(- \left(- \left(- \left(- \left({M7}_{r} - {M8}_{r} {p}_{r,k}\right) {p}_{r,k} + {M6}_{r}\right) {p}_{r,k} + {M5}_{r}\right) {p}_{r,k} + {M4}_{r}\right) {p}_{r,k} + {M3}_{r}\right) {p}_{r,k} + {M2}_{r}\right) {p}_{r,k} + {M1}_{r}\right) {p}_{r,k} + {M0}_{r}\right) {m}_{r,k}}{{F}_{r}}
// One block per row (and stride over rows); a thread owns k = threadIdx.x, + blockDim.x, ...
// `scratch`: 0 numbers a block.
extern "C" __global__ void power_means_10(
    const REAL *__restrict__ gap, const REAL *__restrict__ tau, const REAL *__restrict__ sigma, const REAL *__restrict__ F, const REAL *__restrict__ W_x, const REAL *__restrict__ W_y, const REAL *__restrict__ zeta_x, const REAL *__restrict__ zeta_y, long long R, long long D, long long N, REAL *__restrict__ mean, REAL *__restrict__ scratch)
{
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL inverse_sigma = REAL(1)/sigma[row];
        REAL inverse_F = REAL(1)/F[row];
        REAL M0 = REAL(0);
        REAL M1 = REAL(0);
        REAL M2 = REAL(0);
        REAL M3 = REAL(0);
        REAL M4 = REAL(0);
        REAL M5 = REAL(0);
        REAL M6 = REAL(0);
        REAL M7 = REAL(0);
        REAL M8 = REAL(0);
        for (long long node = 0; node < N; node += 1) {
            M0 += W_x[row*N + node];
            REAL v_x_1 = W_x[row*N + node]*zeta_x[node] - W_y[row*N + node]*zeta_y[node];
            M1 += v_x_1;
            REAL v_y_1 = W_x[row*N + node]*zeta_y[node] + W_y[row*N + node]*zeta_x[node];
            REAL v_x_2 = v_x_1*zeta_x[node] - v_y_1*zeta_y[node];
            M2 += v_x_2;
            REAL v_y_2 = v_x_1*zeta_y[node] + v_y_1*zeta_x[node];
            REAL v_x_3 = v_x_2*zeta_x[node] - v_y_2*zeta_y[node];
            M3 += v_x_3;
            REAL v_y_3 = v_x_2*zeta_y[node] + v_y_2*zeta_x[node];
            REAL v_x_4 = v_x_3*zeta_x[node] - v_y_3*zeta_y[node];
            M4 += v_x_4;
            REAL v_y_4 = v_x_3*zeta_y[node] + v_y_3*zeta_x[node];
            REAL v_x_5 = v_x_4*zeta_x[node] - v_y_4*zeta_y[node];
            M5 += v_x_5;
            REAL v_y_5 = v_x_4*zeta_y[node] + v_y_4*zeta_x[node];
            REAL v_x_6 = v_x_5*zeta_x[node] - v_y_5*zeta_y[node];
            M6 += v_x_6;
            REAL v_y_6 = v_x_5*zeta_y[node] + v_y_5*zeta_x[node];
            REAL v_x_7 = v_x_6*zeta_x[node] - v_y_6*zeta_y[node];
            M7 += v_x_7;
            REAL v_y_7 = v_x_6*zeta_y[node] + v_y_6*zeta_x[node];
            REAL v_x_8 = v_x_7*zeta_x[node] - v_y_7*zeta_y[node];
            M8 += v_x_8;
        }
        for (long long k = threadIdx.x; k < D; k += blockDim.x) {
            REAL m = REAL(1)/(gap[row*D + k] + tau[row]);
            REAL p = inverse_sigma*m;
            mean[row*D + k] = inverse_F*m*(M0 - p*(M1 - p*(M2 - p*(M3 - p*(M4 - p*(M5 - p*(M6 - p*(M7 - M8*p))))))));
        }
    }
}


// The exponent of small categories at the nodes, by 20 power sums.
//     {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}
//     {p}_{r,k} = \frac{{m}_{r,k}}{{\sigma}_{r}}
//     {power\_2}_{r,k} = {p}_{r,k}^{2}
//     {power\_3}_{r,k} = {p}_{r,k} {power\_2}_{r,k}
//     {power\_4}_{r,k} = {power\_2}_{r,k}^{2}
//     {power\_5}_{r,k} = {power\_2}_{r,k} {power\_3}_{r,k}
//     {power\_6}_{r,k} = {power\_3}_{r,k}^{2}
//     {power\_7}_{r,k} = {power\_3}_{r,k} {power\_4}_{r,k}
//     {power\_8}_{r,k} = {power\_4}_{r,k}^{2}
//     {power\_9}_{r,k} = {power\_4}_{r,k} {power\_5}_{r,k}
//     {power\_10}_{r,k} = {power\_5}_{r,k}^{2}
//     {\kappa_{2}}_{r} = \sum_{k=0}^{D - 1} {p}_{r,k}^{2}
//     {\kappa_{3}}_{r} = \sum_{k=0}^{D - 1} {p}_{r,k} {power\_2}_{r,k}
//     {\kappa_{4}}_{r} = \sum_{k=0}^{D - 1} {power\_2}_{r,k}^{2}
//     {\kappa_{5}}_{r} = \sum_{k=0}^{D - 1} {power\_2}_{r,k} {power\_3}_{r,k}
//     {\kappa_{6}}_{r} = \sum_{k=0}^{D - 1} {power\_3}_{r,k}^{2}
//     {\kappa_{7}}_{r} = \sum_{k=0}^{D - 1} {power\_3}_{r,k} {power\_4}_{r,k}
//     {\kappa_{8}}_{r} = \sum_{k=0}^{D - 1} {power\_4}_{r,k}^{2}
//     {\kappa_{9}}_{r} = \sum_{k=0}^{D - 1} {power\_4}_{r,k} {power\_5}_{r,k}
//     {\kappa_{10}}_{r} = \sum_{k=0}^{D - 1} {power\_5}_{r,k}^{2}
//     {\kappa_{11}}_{r} = \sum_{k=0}^{D - 1} {power\_5}_{r,k} {power\_6}_{r,k}
//     {\kappa_{12}}_{r} = \sum_{k=0}^{D - 1} {power\_6}_{r,k}^{2}
//     {\kappa_{13}}_{r} = \sum_{k=0}^{D - 1} {power\_6}_{r,k} {power\_7}_{r,k}
//     {\kappa_{14}}_{r} = \sum_{k=0}^{D - 1} {power\_7}_{r,k}^{2}
//     {\kappa_{15}}_{r} = \sum_{k=0}^{D - 1} {power\_7}_{r,k} {power\_8}_{r,k}
//     {\kappa_{16}}_{r} = \sum_{k=0}^{D - 1} {power\_8}_{r,k}^{2}
//     {\kappa_{17}}_{r} = \sum_{k=0}^{D - 1} {power\_8}_{r,k} {power\_9}_{r,k}
//     {\kappa_{18}}_{r} = \sum_{k=0}^{D - 1} {power\_9}_{r,k}^{2}
//     {\kappa_{19}}_{r} = \sum_{k=0}^{D - 1} {power\_10}_{r,k} {power\_9}_{r,k}
//     {\kappa_{20}}_{r} = \sum_{k=0}^{D - 1} {power\_10}_{r,k}^{2}
//     {r\_y\_19}_{r,n} = \frac{{\kappa_{20}}_{r} {\upsilon}_{n}}{20}
//     {r\_x\_19}_{r,n} = - \frac{{\kappa_{19}}_{r}}{19} + \frac{{\kappa_{20}}_{r} {\xi}_{n}}{20}
//     {r\_x\_18}_{r,n} = \frac{{\kappa_{18}}_{r}}{18} + {r\_x\_19}_{r,n} {\xi}_{n} - {r\_y\_19}_{r,n} {\upsilon}_{n}
//     {r\_y\_18}_{r,n} = {r\_x\_19}_{r,n} {\upsilon}_{n} + {r\_y\_19}_{r,n} {\xi}_{n}
//     {r\_x\_17}_{r,n} = - \frac{{\kappa_{17}}_{r}}{17} + {r\_x\_18}_{r,n} {\xi}_{n} - {r\_y\_18}_{r,n} {\upsilon}_{n}
//     {r\_y\_17}_{r,n} = {r\_x\_18}_{r,n} {\upsilon}_{n} + {r\_y\_18}_{r,n} {\xi}_{n}
//     {r\_x\_16}_{r,n} = \frac{{\kappa_{16}}_{r}}{16} + {r\_x\_17}_{r,n} {\xi}_{n} - {r\_y\_17}_{r,n} {\upsilon}_{n}
//     {r\_y\_16}_{r,n} = {r\_x\_17}_{r,n} {\upsilon}_{n} + {r\_y\_17}_{r,n} {\xi}_{n}
//     {r\_x\_15}_{r,n} = - \frac{{\kappa_{15}}_{r}}{15} + {r\_x\_16}_{r,n} {\xi}_{n} - {r\_y\_16}_{r,n} {\upsilon}_{n}
//     {r\_y\_15}_{r,n} = {r\_x\_16}_{r,n} {\upsilon}_{n} + {r\_y\_16}_{r,n} {\xi}_{n}
//     {r\_x\_14}_{r,n} = \frac{{\kappa_{14}}_{r}}{14} + {r\_x\_15}_{r,n} {\xi}_{n} - {r\_y\_15}_{r,n} {\upsilon}_{n}
//     {r\_y\_14}_{r,n} = {r\_x\_15}_{r,n} {\upsilon}_{n} + {r\_y\_15}_{r,n} {\xi}_{n}
//     {r\_x\_13}_{r,n} = - \frac{{\kappa_{13}}_{r}}{13} + {r\_x\_14}_{r,n} {\xi}_{n} - {r\_y\_14}_{r,n} {\upsilon}_{n}
//     {r\_y\_13}_{r,n} = {r\_x\_14}_{r,n} {\upsilon}_{n} + {r\_y\_14}_{r,n} {\xi}_{n}
//     {r\_x\_12}_{r,n} = \frac{{\kappa_{12}}_{r}}{12} + {r\_x\_13}_{r,n} {\xi}_{n} - {r\_y\_13}_{r,n} {\upsilon}_{n}
//     {r\_y\_12}_{r,n} = {r\_x\_13}_{r,n} {\upsilon}_{n} + {r\_y\_13}_{r,n} {\xi}_{n}
//     {r\_x\_11}_{r,n} = - \frac{{\kappa_{11}}_{r}}{11} + {r\_x\_12}_{r,n} {\xi}_{n} - {r\_y\_12}_{r,n} {\upsilon}_{n}
//     {r\_y\_11}_{r,n} = {r\_x\_12}_{r,n} {\upsilon}_{n} + {r\_y\_12}_{r,n} {\xi}_{n}
//     {r\_x\_10}_{r,n} = \frac{{\kappa_{10}}_{r}}{10} + {r\_x\_11}_{r,n} {\xi}_{n} - {r\_y\_11}_{r,n} {\upsilon}_{n}
//     {r\_y\_10}_{r,n} = {r\_x\_11}_{r,n} {\upsilon}_{n} + {r\_y\_11}_{r,n} {\xi}_{n}
//     {r\_x\_9}_{r,n} = - \frac{{\kappa_{9}}_{r}}{9} + {r\_x\_10}_{r,n} {\xi}_{n} - {r\_y\_10}_{r,n} {\upsilon}_{n}
//     {r\_y\_9}_{r,n} = {r\_x\_10}_{r,n} {\upsilon}_{n} + {r\_y\_10}_{r,n} {\xi}_{n}
//     {r\_x\_8}_{r,n} = \frac{{\kappa_{8}}_{r}}{8} + {r\_x\_9}_{r,n} {\xi}_{n} - {r\_y\_9}_{r,n} {\upsilon}_{n}
//     {r\_y\_8}_{r,n} = {r\_x\_9}_{r,n} {\upsilon}_{n} + {r\_y\_9}_{r,n} {\xi}_{n}
//     {r\_x\_7}_{r,n} = - \frac{{\kappa_{7}}_{r}}{7} + {r\_x\_8}_{r,n} {\xi}_{n} - {r\_y\_8}_{r,n} {\upsilon}_{n}
//     {r\_y\_7}_{r,n} = {r\_x\_8}_{r,n} {\upsilon}_{n} + {r\_y\_8}_{r,n} {\xi}_{n}
//     {r\_x\_6}_{r,n} = \frac{{\kappa_{6}}_{r}}{6} + {r\_x\_7}_{r,n} {\xi}_{n} - {r\_y\_7}_{r,n} {\upsilon}_{n}
//     {r\_y\_6}_{r,n} = {r\_x\_7}_{r,n} {\upsilon}_{n} + {r\_y\_7}_{r,n} {\xi}_{n}
//     {r\_x\_5}_{r,n} = - \frac{{\kappa_{5}}_{r}}{5} + {r\_x\_6}_{r,n} {\xi}_{n} - {r\_y\_6}_{r,n} {\upsilon}_{n}
//     {r\_y\_5}_{r,n} = {r\_x\_6}_{r,n} {\upsilon}_{n} + {r\_y\_6}_{r,n} {\xi}_{n}
//     {r\_x\_4}_{r,n} = \frac{{\kappa_{4}}_{r}}{4} + {r\_x\_5}_{r,n} {\xi}_{n} - {r\_y\_5}_{r,n} {\upsilon}_{n}
//     {r\_y\_4}_{r,n} = {r\_x\_5}_{r,n} {\upsilon}_{n} + {r\_y\_5}_{r,n} {\xi}_{n}
//     {r\_x\_3}_{r,n} = - \frac{{\kappa_{3}}_{r}}{3} + {r\_x\_4}_{r,n} {\xi}_{n} - {r\_y\_4}_{r,n} {\upsilon}_{n}
//     {r\_y\_3}_{r,n} = {r\_x\_4}_{r,n} {\upsilon}_{n} + {r\_y\_4}_{r,n} {\xi}_{n}
//     {r\_x\_2}_{r,n} = \frac{{\kappa_{2}}_{r}}{2} + {r\_x\_3}_{r,n} {\xi}_{n} - {r\_y\_3}_{r,n} {\upsilon}_{n}
//     {r\_y\_2}_{r,n} = {r\_x\_3}_{r,n} {\upsilon}_{n} + {r\_y\_3}_{r,n} {\xi}_{n}
//     {one\_x}_{r,n} = {r\_x\_2}_{r,n} {\xi}_{n} - {r\_y\_2}_{r,n} {\upsilon}_{n}
//     {one\_y}_{r,n} = {r\_x\_2}_{r,n} {\upsilon}_{n} + {r\_y\_2}_{r,n} {\xi}_{n}
//     {rest\_x}_{r,n} = {one\_x}_{r,n} {\xi}_{n} - {one\_y}_{r,n} {\upsilon}_{n}
//     {rest\_y}_{r,n} = {one\_x}_{r,n} {\upsilon}_{n} + {one\_y}_{r,n} {\xi}_{n}
//     {rest\_log}_{r} = \sum_{k=0}^{D - 1} \log{\left({g}_{r,k} + {\tau}_{r} \right)}
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
        for (long long k_0 = 0; k_0 < D; k_0 += 128LL*blockDim.x) {
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
            for (long long k = k_0 + threadIdx.x; k < D && k < k_0 + 128LL*blockDim.x; k += blockDim.x) {
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
            REAL r_x_19 = (REAL(1)/REAL(20))*kappa_20*zeta_x[node] - REAL(1)/REAL(19)*kappa_19;
            REAL r_y_19 = (REAL(1)/REAL(20))*kappa_20*zeta_y[node];
            REAL r_x_18 = (REAL(1)/REAL(18))*kappa_18 + r_x_19*zeta_x[node] - r_y_19*zeta_y[node];
            REAL r_y_18 = r_x_19*zeta_y[node] + r_y_19*zeta_x[node];
            REAL r_x_17 = r_x_18*zeta_x[node] - REAL(1)/REAL(17)*kappa_17 - r_y_18*zeta_y[node];
            REAL r_y_17 = r_x_18*zeta_y[node] + r_y_18*zeta_x[node];
            REAL r_x_16 = (REAL(1)/REAL(16))*kappa_16 + r_x_17*zeta_x[node] - r_y_17*zeta_y[node];
            REAL r_y_16 = r_x_17*zeta_y[node] + r_y_17*zeta_x[node];
            REAL r_x_15 = r_x_16*zeta_x[node] - REAL(1)/REAL(15)*kappa_15 - r_y_16*zeta_y[node];
            REAL r_y_15 = r_x_16*zeta_y[node] + r_y_16*zeta_x[node];
            REAL r_x_14 = (REAL(1)/REAL(14))*kappa_14 + r_x_15*zeta_x[node] - r_y_15*zeta_y[node];
            REAL r_y_14 = r_x_15*zeta_y[node] + r_y_15*zeta_x[node];
            REAL r_x_13 = r_x_14*zeta_x[node] - REAL(1)/REAL(13)*kappa_13 - r_y_14*zeta_y[node];
            REAL r_y_13 = r_x_14*zeta_y[node] + r_y_14*zeta_x[node];
            REAL r_x_12 = (REAL(1)/REAL(12))*kappa_12 + r_x_13*zeta_x[node] - r_y_13*zeta_y[node];
            REAL r_y_12 = r_x_13*zeta_y[node] + r_y_13*zeta_x[node];
            REAL r_x_11 = r_x_12*zeta_x[node] - REAL(1)/REAL(11)*kappa_11 - r_y_12*zeta_y[node];
            REAL r_y_11 = r_x_12*zeta_y[node] + r_y_12*zeta_x[node];
            REAL r_x_10 = (REAL(1)/REAL(10))*kappa_10 + r_x_11*zeta_x[node] - r_y_11*zeta_y[node];
            REAL r_y_10 = r_x_11*zeta_y[node] + r_y_11*zeta_x[node];
            REAL r_x_9 = r_x_10*zeta_x[node] - REAL(1)/REAL(9)*kappa_9 - r_y_10*zeta_y[node];
            REAL r_y_9 = r_x_10*zeta_y[node] + r_y_10*zeta_x[node];
            REAL r_x_8 = (REAL(1)/REAL(8))*kappa_8 + r_x_9*zeta_x[node] - r_y_9*zeta_y[node];
            REAL r_y_8 = r_x_9*zeta_y[node] + r_y_9*zeta_x[node];
            REAL r_x_7 = r_x_8*zeta_x[node] - REAL(1)/REAL(7)*kappa_7 - r_y_8*zeta_y[node];
            REAL r_y_7 = r_x_8*zeta_y[node] + r_y_8*zeta_x[node];
            REAL r_x_6 = (REAL(1)/REAL(6))*kappa_6 + r_x_7*zeta_x[node] - r_y_7*zeta_y[node];
            REAL r_y_6 = r_x_7*zeta_y[node] + r_y_7*zeta_x[node];
            REAL r_x_5 = r_x_6*zeta_x[node] - REAL(1)/REAL(5)*kappa_5 - r_y_6*zeta_y[node];
            REAL r_y_5 = r_x_6*zeta_y[node] + r_y_6*zeta_x[node];
            REAL r_x_4 = (REAL(1)/REAL(4))*kappa_4 + r_x_5*zeta_x[node] - r_y_5*zeta_y[node];
            REAL r_y_4 = r_x_5*zeta_y[node] + r_y_5*zeta_x[node];
            REAL r_x_3 = r_x_4*zeta_x[node] - REAL(1)/REAL(3)*kappa_3 - r_y_4*zeta_y[node];
            REAL r_y_3 = r_x_4*zeta_y[node] + r_y_4*zeta_x[node];
            REAL r_x_2 = (REAL(1)/REAL(2))*kappa_2 + r_x_3*zeta_x[node] - r_y_3*zeta_y[node];
            REAL r_y_2 = r_x_3*zeta_y[node] + r_y_3*zeta_x[node];
            REAL one_x = r_x_2*zeta_x[node] - r_y_2*zeta_y[node];
            REAL one_y = r_x_2*zeta_y[node] + r_y_2*zeta_x[node];
            if (threadIdx.x == 0) rest_x[row*N + node] = one_x*zeta_x[node] - one_y*zeta_y[node];
            if (threadIdx.x == 0) rest_y[row*N + node] = one_x*zeta_y[node] + one_y*zeta_x[node];
        }
    }
}


// The means of small categories.
//     {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}
//     {p}_{r,k} = \frac{{m}_{r,k}}{{\sigma}_{r}}
//     {v\_x\_1}_{r,n} = {W\_x}_{r,n} {\xi}_{n} - {W\_y}_{r,n} {\upsilon}_{n}
//     {v\_y\_1}_{r,n} = {W\_x}_{r,n} {\upsilon}_{n} + {W\_y}_{r,n} {\xi}_{n}
//     {v\_x\_2}_{r,n} = {v\_x\_1}_{r,n} {\xi}_{n} - {v\_y\_1}_{r,n} {\upsilon}_{n}
//     {v\_y\_2}_{r,n} = {v\_x\_1}_{r,n} {\upsilon}_{n} + {v\_y\_1}_{r,n} {\xi}_{n}
//     {v\_x\_3}_{r,n} = {v\_x\_2}_{r,n} {\xi}_{n} - {v\_y\_2}_{r,n} {\upsilon}_{n}
//     {v\_y\_3}_{r,n} = {v\_x\_2}_{r,n} {\upsilon}_{n} + {v\_y\_2}_{r,n} {\xi}_{n}
//     {v\_x\_4}_{r,n} = {v\_x\_3}_{r,n} {\xi}_{n} - {v\_y\_3}_{r,n} {\upsilon}_{n}
//     {v\_y\_4}_{r,n} = {v\_x\_3}_{r,n} {\upsilon}_{n} + {v\_y\_3}_{r,n} {\xi}_{n}
//     {v\_x\_5}_{r,n} = {v\_x\_4}_{r,n} {\xi}_{n} - {v\_y\_4}_{r,n} {\upsilon}_{n}
//     {v\_y\_5}_{r,n} = {v\_x\_4}_{r,n} {\upsilon}_{n} + {v\_y\_4}_{r,n} {\xi}_{n}
//     {v\_x\_6}_{r,n} = {v\_x\_5}_{r,n} {\xi}_{n} - {v\_y\_5}_{r,n} {\upsilon}_{n}
//     {v\_y\_6}_{r,n} = {v\_x\_5}_{r,n} {\upsilon}_{n} + {v\_y\_5}_{r,n} {\xi}_{n}
//     {v\_x\_7}_{r,n} = {v\_x\_6}_{r,n} {\xi}_{n} - {v\_y\_6}_{r,n} {\upsilon}_{n}
//     {v\_y\_7}_{r,n} = {v\_x\_6}_{r,n} {\upsilon}_{n} + {v\_y\_6}_{r,n} {\xi}_{n}
//     {v\_x\_8}_{r,n} = {v\_x\_7}_{r,n} {\xi}_{n} - {v\_y\_7}_{r,n} {\upsilon}_{n}
//     {v\_y\_8}_{r,n} = {v\_x\_7}_{r,n} {\upsilon}_{n} + {v\_y\_7}_{r,n} {\xi}_{n}
//     {v\_x\_9}_{r,n} = {v\_x\_8}_{r,n} {\xi}_{n} - {v\_y\_8}_{r,n} {\upsilon}_{n}
//     {v\_y\_9}_{r,n} = {v\_x\_8}_{r,n} {\upsilon}_{n} + {v\_y\_8}_{r,n} {\xi}_{n}
//     {v\_x\_10}_{r,n} = {v\_x\_9}_{r,n} {\xi}_{n} - {v\_y\_9}_{r,n} {\upsilon}_{n}
//     {v\_y\_10}_{r,n} = {v\_x\_9}_{r,n} {\upsilon}_{n} + {v\_y\_9}_{r,n} {\xi}_{n}
//     {v\_x\_11}_{r,n} = {v\_x\_10}_{r,n} {\xi}_{n} - {v\_y\_10}_{r,n} {\upsilon}_{n}
//     {v\_y\_11}_{r,n} = {v\_x\_10}_{r,n} {\upsilon}_{n} + {v\_y\_10}_{r,n} {\xi}_{n}
//     {v\_x\_12}_{r,n} = {v\_x\_11}_{r,n} {\xi}_{n} - {v\_y\_11}_{r,n} {\upsilon}_{n}
//     {v\_y\_12}_{r,n} = {v\_x\_11}_{r,n} {\upsilon}_{n} + {v\_y\_11}_{r,n} {\xi}_{n}
//     {v\_x\_13}_{r,n} = {v\_x\_12}_{r,n} {\xi}_{n} - {v\_y\_12}_{r,n} {\upsilon}_{n}
//     {v\_y\_13}_{r,n} = {v\_x\_12}_{r,n} {\upsilon}_{n} + {v\_y\_12}_{r,n} {\xi}_{n}
//     {v\_x\_14}_{r,n} = {v\_x\_13}_{r,n} {\xi}_{n} - {v\_y\_13}_{r,n} {\upsilon}_{n}
//     {v\_y\_14}_{r,n} = {v\_x\_13}_{r,n} {\upsilon}_{n} + {v\_y\_13}_{r,n} {\xi}_{n}
//     {v\_x\_15}_{r,n} = {v\_x\_14}_{r,n} {\xi}_{n} - {v\_y\_14}_{r,n} {\upsilon}_{n}
//     {v\_y\_15}_{r,n} = {v\_x\_14}_{r,n} {\upsilon}_{n} + {v\_y\_14}_{r,n} {\xi}_{n}
//     {v\_x\_16}_{r,n} = {v\_x\_15}_{r,n} {\xi}_{n} - {v\_y\_15}_{r,n} {\upsilon}_{n}
//     {v\_y\_16}_{r,n} = {v\_x\_15}_{r,n} {\upsilon}_{n} + {v\_y\_15}_{r,n} {\xi}_{n}
//     {v\_x\_17}_{r,n} = {v\_x\_16}_{r,n} {\xi}_{n} - {v\_y\_16}_{r,n} {\upsilon}_{n}
//     {v\_y\_17}_{r,n} = {v\_x\_16}_{r,n} {\upsilon}_{n} + {v\_y\_16}_{r,n} {\xi}_{n}
//     {v\_x\_18}_{r,n} = {v\_x\_17}_{r,n} {\xi}_{n} - {v\_y\_17}_{r,n} {\upsilon}_{n}
//     {v\_y\_18}_{r,n} = {v\_x\_17}_{r,n} {\upsilon}_{n} + {v\_y\_17}_{r,n} {\xi}_{n}
//     {M0}_{r} = \sum_{n=0}^{N - 1} {W\_x}_{r,n}
//     {M1}_{r} = \sum_{n=0}^{N - 1} {v\_x\_1}_{r,n}
//     {M2}_{r} = \sum_{n=0}^{N - 1} {v\_x\_2}_{r,n}
//     {M3}_{r} = \sum_{n=0}^{N - 1} {v\_x\_3}_{r,n}
//     {M4}_{r} = \sum_{n=0}^{N - 1} {v\_x\_4}_{r,n}
//     {M5}_{r} = \sum_{n=0}^{N - 1} {v\_x\_5}_{r,n}
//     {M6}_{r} = \sum_{n=0}^{N - 1} {v\_x\_6}_{r,n}
//     {M7}_{r} = \sum_{n=0}^{N - 1} {v\_x\_7}_{r,n}
//     {M8}_{r} = \sum_{n=0}^{N - 1} {v\_x\_8}_{r,n}
//     {M9}_{r} = \sum_{n=0}^{N - 1} {v\_x\_9}_{r,n}
//     {M10}_{r} = \sum_{n=0}^{N - 1} {v\_x\_10}_{r,n}
//     {M11}_{r} = \sum_{n=0}^{N - 1} {v\_x\_11}_{r,n}
//     {M12}_{r} = \sum_{n=0}^{N - 1} {v\_x\_12}_{r,n}
//     {M13}_{r} = \sum_{n=0}^{N - 1} {v\_x\_13}_{r,n}
//     {M14}_{r} = \sum_{n=0}^{N - 1} {v\_x\_14}_{r,n}
//     {M15}_{r} = \sum_{n=0}^{N - 1} {v\_x\_15}_{r,n}
//     {M16}_{r} = \sum_{n=0}^{N - 1} {v\_x\_16}_{r,n}
//     {M17}_{r} = \sum_{n=0}^{N - 1} {v\_x\_17}_{r,n}
//     {M18}_{r} = \sum_{n=0}^{N - 1} {v\_x\_18}_{r,n}
//     {\mu}_{r,k} = \frac{\left(- \left(- \left(- \left(- \left(- \left(- \left(- \left(- \left(- \left(- \left(- \left(- \left(- \left(- \left(- \left(- \left(- \left({M17}_{r} - {M18}_{r} {p}_{r,k}\right) {p}_{r,k} + {M16}_{r}\right) {p}_{r,k} + {M15}_{r}\right) {p}_{r,k} + {M14}_{r}\right) {p}_{r,k} + {M13}_{r}\right) {p}_{r,k} + {M12}_{r}\right) {p}_{r,k} + {M11}_{r}\right) {p}_{r,k} + {M10}_{r}\right) {p}_{r,k} + {M9}_{r}\right) {p}_{r,k} + {M8}_{r}\right) {p}_{r,k} + {M7}_{r}\right) {p}_{r,k} + {M6}_{r}\right) {p}_{r,k} + {M5}_{r}\right) {p}_{r,k} + {M4}_{r}\right) {p}_{r,k} + {M3}_{r}\right) {p}_{r,k} + {M2}_{r}\right) {p}_{r,k} + {M1}_{r}\right) {p}_{r,k} + {M0}_{r}\right) {m}_{r,k}}{{F}_{r}}
// One block per row (and stride over rows); a thread owns k = threadIdx.x, + blockDim.x, ...
// `scratch`: 0 numbers a block.
extern "C" __global__ void power_means_20(
    const REAL *__restrict__ gap, const REAL *__restrict__ tau, const REAL *__restrict__ sigma, const REAL *__restrict__ F, const REAL *__restrict__ W_x, const REAL *__restrict__ W_y, const REAL *__restrict__ zeta_x, const REAL *__restrict__ zeta_y, long long R, long long D, long long N, REAL *__restrict__ mean, REAL *__restrict__ scratch)
{
    for (long long row = blockIdx.x; row < R; row += gridDim.x) {
        REAL inverse_sigma = REAL(1)/sigma[row];
        REAL inverse_F = REAL(1)/F[row];
        REAL M0 = REAL(0);
        REAL M1 = REAL(0);
        REAL M2 = REAL(0);
        REAL M3 = REAL(0);
        REAL M4 = REAL(0);
        REAL M5 = REAL(0);
        REAL M6 = REAL(0);
        REAL M7 = REAL(0);
        REAL M8 = REAL(0);
        REAL M9 = REAL(0);
        REAL M10 = REAL(0);
        REAL M11 = REAL(0);
        REAL M12 = REAL(0);
        REAL M13 = REAL(0);
        REAL M14 = REAL(0);
        REAL M15 = REAL(0);
        REAL M16 = REAL(0);
        REAL M17 = REAL(0);
        REAL M18 = REAL(0);
        for (long long node = 0; node < N; node += 1) {
            M0 += W_x[row*N + node];
            REAL v_x_1 = W_x[row*N + node]*zeta_x[node] - W_y[row*N + node]*zeta_y[node];
            M1 += v_x_1;
            REAL v_y_1 = W_x[row*N + node]*zeta_y[node] + W_y[row*N + node]*zeta_x[node];
            REAL v_x_2 = v_x_1*zeta_x[node] - v_y_1*zeta_y[node];
            M2 += v_x_2;
            REAL v_y_2 = v_x_1*zeta_y[node] + v_y_1*zeta_x[node];
            REAL v_x_3 = v_x_2*zeta_x[node] - v_y_2*zeta_y[node];
            M3 += v_x_3;
            REAL v_y_3 = v_x_2*zeta_y[node] + v_y_2*zeta_x[node];
            REAL v_x_4 = v_x_3*zeta_x[node] - v_y_3*zeta_y[node];
            M4 += v_x_4;
            REAL v_y_4 = v_x_3*zeta_y[node] + v_y_3*zeta_x[node];
            REAL v_x_5 = v_x_4*zeta_x[node] - v_y_4*zeta_y[node];
            M5 += v_x_5;
            REAL v_y_5 = v_x_4*zeta_y[node] + v_y_4*zeta_x[node];
            REAL v_x_6 = v_x_5*zeta_x[node] - v_y_5*zeta_y[node];
            M6 += v_x_6;
            REAL v_y_6 = v_x_5*zeta_y[node] + v_y_5*zeta_x[node];
            REAL v_x_7 = v_x_6*zeta_x[node] - v_y_6*zeta_y[node];
            M7 += v_x_7;
            REAL v_y_7 = v_x_6*zeta_y[node] + v_y_6*zeta_x[node];
            REAL v_x_8 = v_x_7*zeta_x[node] - v_y_7*zeta_y[node];
            M8 += v_x_8;
            REAL v_y_8 = v_x_7*zeta_y[node] + v_y_7*zeta_x[node];
            REAL v_x_9 = v_x_8*zeta_x[node] - v_y_8*zeta_y[node];
            M9 += v_x_9;
            REAL v_y_9 = v_x_8*zeta_y[node] + v_y_8*zeta_x[node];
            REAL v_x_10 = v_x_9*zeta_x[node] - v_y_9*zeta_y[node];
            M10 += v_x_10;
            REAL v_y_10 = v_x_9*zeta_y[node] + v_y_9*zeta_x[node];
            REAL v_x_11 = v_x_10*zeta_x[node] - v_y_10*zeta_y[node];
            M11 += v_x_11;
            REAL v_y_11 = v_x_10*zeta_y[node] + v_y_10*zeta_x[node];
            REAL v_x_12 = v_x_11*zeta_x[node] - v_y_11*zeta_y[node];
            M12 += v_x_12;
            REAL v_y_12 = v_x_11*zeta_y[node] + v_y_11*zeta_x[node];
            REAL v_x_13 = v_x_12*zeta_x[node] - v_y_12*zeta_y[node];
            M13 += v_x_13;
            REAL v_y_13 = v_x_12*zeta_y[node] + v_y_12*zeta_x[node];
            REAL v_x_14 = v_x_13*zeta_x[node] - v_y_13*zeta_y[node];
            M14 += v_x_14;
            REAL v_y_14 = v_x_13*zeta_y[node] + v_y_13*zeta_x[node];
            REAL v_x_15 = v_x_14*zeta_x[node] - v_y_14*zeta_y[node];
            M15 += v_x_15;
            REAL v_y_15 = v_x_14*zeta_y[node] + v_y_14*zeta_x[node];
            REAL v_x_16 = v_x_15*zeta_x[node] - v_y_15*zeta_y[node];
            M16 += v_x_16;
            REAL v_y_16 = v_x_15*zeta_y[node] + v_y_15*zeta_x[node];
            REAL v_x_17 = v_x_16*zeta_x[node] - v_y_16*zeta_y[node];
            M17 += v_x_17;
            REAL v_y_17 = v_x_16*zeta_y[node] + v_y_16*zeta_x[node];
            REAL v_x_18 = v_x_17*zeta_x[node] - v_y_17*zeta_y[node];
            M18 += v_x_18;
        }
        for (long long k = threadIdx.x; k < D; k += blockDim.x) {
            REAL m = REAL(1)/(gap[row*D + k] + tau[row]);
            REAL p = inverse_sigma*m;
            mean[row*D + k] = inverse_F*m*(M0 - p*(M1 - p*(M2 - p*(M3 - p*(M4 - p*(M5 - p*(M6 - p*(M7 - p*(M8 - p*(M9 - p*(M10 - p*(M11 - p*(M12 - p*(M13 - p*(M14 - p*(M15 - p*(M16 - p*(M17 - M18*p))))))))))))))))));
        }
    }
}
