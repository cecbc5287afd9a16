// Generated from derivations/laplace_integral.py. Do not edit: change the derivation and run `make generate`.
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

// Cross-entropy of a uniform target on [a, b] against a kernel density estimate, Laplace kernel, by exact integrals.
//     p(x) = \sum_j S_j\, e^{-|x-x_j|/h}, \qquad S = \operatorname{softmax}(z)
//     L = -\frac{1}{b-a} \int_a^b \log p(x)\,dx
// One thread per row (and stride over rows).
// `scratch`: 18*J + 22 numbers a thread, those of all threads side by side.
extern "C" __global__ void laplace(
    const REAL *__restrict__ z, const REAL *__restrict__ points, const REAL *__restrict__ a, const REAL *__restrict__ b, const REAL *__restrict__ h, long long R, long long J, REAL *__restrict__ loss, REAL *__restrict__ grad_z, REAL *__restrict__ grad_points, REAL *__restrict__ grad_h, REAL *__restrict__ grad_a, REAL *__restrict__ grad_b, REAL *__restrict__ scratch)
{
    const long long thread = (long long)blockIdx.x*blockDim.x + threadIdx.x;
    const long long all_threads = R < (long long)gridDim.x*blockDim.x ? R : (long long)gridDim.x*blockDim.x;
    scratch += thread;
    REAL *place = scratch; scratch += (J + 2)*all_threads;
    REAL *done = scratch; scratch += (J + 2)*all_threads;
    REAL *left_over = scratch; scratch += (J + 2)*all_threads;
    REAL *distance = scratch; scratch += (J)*all_threads;
    REAL *delta = scratch; scratch += (J + 2)*all_threads;
    REAL *weight = scratch; scratch += (J)*all_threads;
    REAL *left = scratch; scratch += (J + 2)*all_threads;
    REAL *right = scratch; scratch += (J + 2)*all_threads;
    REAL *new_left = scratch; scratch += (J)*all_threads;
    REAL *e_left = scratch; scratch += (J)*all_threads;
    REAL *kept_left = scratch; scratch += (J + 2)*all_threads;
    REAL *new_right = scratch; scratch += (J)*all_threads;
    REAL *e_right = scratch; scratch += (J)*all_threads;
    REAL *kept_right = scratch; scratch += (J + 2)*all_threads;
    REAL *integral_left = scratch; scratch += (J + 2)*all_threads;
    REAL *integral_right = scratch; scratch += (J)*all_threads;
    REAL *after = scratch; scratch += (J + 2)*all_threads;
    REAL *ahead_of = scratch; scratch += (J + 2)*all_threads;
    for (long long row = thread; row < R; row += all_threads) {
        REAL width = b[row] - a[row];
        REAL inverse_h = REAL(1)/h[row];
        REAL unit = (REAL(1)/REAL(2))*h[row]/width;
        REAL inverse_width = REAL(1)/width;
        REAL h_over_width = h[row]/width;
        REAL top_z = LOWEST;
        place[0*all_threads] = a[row];
        place[(J + 1)*all_threads] = a[row];
        done[0*all_threads] = REAL(0);
        done[(J + 1)*all_threads] = REAL(0);
        left_over[0*all_threads] = REAL(1);
        left_over[(J + 1)*all_threads] = REAL(1);
        ROLLED for (long long j = 0; j < J; j += 1) {
            top_z = maximum(top_z, z[row*J + j]);
            place[(j + 1)*all_threads] = (a[row] > points[row*J + j] ? a[row] : b[row] < points[row*J + j] ? b[row] : points[row*J + j]);
            done[(j + 1)*all_threads] = inverse_width*(place[(j + 1)*all_threads] - a[row]);
            left_over[(j + 1)*all_threads] = inverse_width*(b[row] - place[(j + 1)*all_threads]);
        }
        REAL total_weight = REAL(0);
        REAL top_level = LOWEST;
        REAL total_weight_rest = REAL(0);
        delta[0*all_threads] = REAL(0);
        delta[(J + 1)*all_threads] = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 128) {
            REAL total_weight_part = REAL(0);
            ROLLED for (long long j = j_0; j < J && j < j_0 + 128; j += 1) {
                distance[j*all_threads] = maximum(maximum(REAL(0), a[row] - points[row*J + j]), points[row*J + j] - b[row]);
                REAL centred = z[row*J + j] - top_z;
                REAL level = centred - distance[j*all_threads]*inverse_h;
                top_level = maximum(top_level, level);
                REAL place_before = place[j*all_threads];
                REAL gap = place[(j + 1)*all_threads] - place_before;
                delta[(j + 1)*all_threads] = gap*inverse_h;
                weight[j*all_threads] = exp(centred);
                total_weight_part += weight[j*all_threads];
            }
            accumulate(total_weight, total_weight_rest, total_weight_part);
        }
        REAL inverse_total_weight = REAL(1)/total_weight;
        REAL common_distance = LOWEST;
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL centred = z[row*J + j] - top_z;
            REAL level = centred - distance[j*all_threads]*inverse_h;
            common_distance = maximum(common_distance, (level >= top_level ? distance[j*all_threads] : REAL(0)));
        }
        REAL summit = LOWEST;
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL centred = z[row*J + j] - top_z;
            REAL near = centred - inverse_h*(distance[j*all_threads] - common_distance);
            summit = maximum(summit, near);
        }
        left[0*all_threads] = -INFINITE;
        left[(J + 1)*all_threads] = -INFINITE;
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL centred = z[row*J + j] - top_z;
            REAL near = centred - inverse_h*(distance[j*all_threads] - common_distance);
            REAL logit = near - summit;
            left[(j + 1)*all_threads] = log_add_exp(logit, left[j*all_threads] - delta[(j + 1)*all_threads]);
        }
        right[0*all_threads] = -INFINITE;
        right[(J + 1)*all_threads] = -INFINITE;
        ROLLED for (long long j = J - 1; j >= 0; --j) {
            REAL delta_after = delta[(j + 2)*all_threads];
            REAL centred = z[row*J + j] - top_z;
            REAL near = centred - inverse_h*(distance[j*all_threads] - common_distance);
            REAL logit = near - summit;
            right[(j + 1)*all_threads] = log_add_exp(logit, right[(j + 2)*all_threads] - delta_after);
        }
        REAL raw_loss = REAL(0);
        REAL raw_grad_b = REAL(0);
        REAL raw_grad_a = REAL(0);
        REAL raw_loss_rest = REAL(0);
        REAL raw_grad_b_rest = REAL(0);
        REAL raw_grad_a_rest = REAL(0);
        kept_left[0*all_threads] = REAL(0);
        kept_left[(J + 1)*all_threads] = REAL(0);
        kept_right[0*all_threads] = REAL(0);
        kept_right[(J + 1)*all_threads] = REAL(0);
        integral_left[0*all_threads] = REAL(0);
        integral_left[(J + 1)*all_threads] = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 128) {
            REAL raw_loss_part = REAL(0);
            REAL raw_grad_b_part = REAL(0);
            REAL raw_grad_a_part = REAL(0);
            ROLLED for (long long j = j_0; j < J && j < j_0 + 128; j += 1) {
                REAL left_before = left[j*all_threads];
                REAL centred = z[row*J + j] - top_z;
                REAL near = centred - inverse_h*(distance[j*all_threads] - common_distance);
                REAL logit = near - summit;
                new_left[j*all_threads] = (logit == -INFINITE ? -INFINITE : delta[(j + 1)*all_threads] + logit - left_before);
                e_left[j*all_threads] = exp(-fabs(new_left[j*all_threads]));
                kept_left[(j + 1)*all_threads] = (new_left[j*all_threads] >= REAL(0) ? e_left[j*all_threads]/(REAL(1) + e_left[j*all_threads]) : REAL(1)/(REAL(1) + e_left[j*all_threads]));
                REAL delta_after = delta[(j + 2)*all_threads];
                REAL right_after = right[(j + 2)*all_threads];
                new_right[j*all_threads] = (logit == -INFINITE ? -INFINITE : delta_after + logit - right_after);
                e_right[j*all_threads] = exp(-fabs(new_right[j*all_threads]));
                kept_right[(j + 1)*all_threads] = (new_right[j*all_threads] >= REAL(0) ? e_right[j*all_threads]/(REAL(1) + e_right[j*all_threads]) : REAL(1)/(REAL(1) + e_right[j*all_threads]));
                REAL balance = left_before - right[(j + 1)*all_threads];
                REAL e_middle = exp(-fabs(balance));
                REAL s_front = balance + delta[(j + 1)*all_threads];
                REAL e_front = exp(-fabs(s_front));
                REAL s_back = balance - delta[(j + 1)*all_threads];
                REAL e_back = exp(-fabs(s_back));
                REAL log_front = log1p(e_front);
                REAL log_back = log1p(e_back);
                REAL front_squared = (log_front*log_front);
                REAL D_front = log_front + (REAL(1)/REAL(4))*front_squared + front_squared*log_front*(REAL(1)/REAL(36) + front_squared*(front_squared*(REAL(1)/REAL(211680) + front_squared*(front_squared*(REAL(1)/REAL(526901760) + front_squared*((REAL(1)/REAL(1120863744000.0))*front_squared + REAL(-691)/REAL(16999766784000.0))) + REAL(-1)/REAL(10886400))) + REAL(-1)/REAL(3600)));
                REAL back_squared = (log_back*log_back);
                REAL D_back = log_back + (REAL(1)/REAL(4))*back_squared + back_squared*log_back*(REAL(1)/REAL(36) + back_squared*(back_squared*(REAL(1)/REAL(211680) + back_squared*(back_squared*(REAL(1)/REAL(526901760) + back_squared*((REAL(1)/REAL(1120863744000.0))*back_squared + REAL(-691)/REAL(16999766784000.0))) + REAL(-1)/REAL(10886400))) + REAL(-1)/REAL(3600)));
                REAL share_left = (balance >= REAL(0) ? REAL(1)/(REAL(1) + e_middle) : e_middle/(REAL(1) + e_middle));
                REAL share_right = (balance <= REAL(0) ? REAL(1)/(REAL(1) + e_middle) : e_middle/(REAL(1) + e_middle));
                REAL beta = share_left*share_right;
                REAL omega_squared = REAL(4)*(delta[(j + 1)*all_threads]*delta[(j + 1)*all_threads]);
                REAL bump = REAL(2)*beta*delta[(j + 1)*all_threads]*omega_squared;
                REAL tilt = bump*(share_right - share_left)*(REAL(1)/REAL(24) + omega_squared*(REAL(1)/REAL(1920) + omega_squared*(REAL(1)/REAL(322560) + beta*((REAL(1)/REAL(896))*beta + REAL(-1)/REAL(5376)) + omega_squared*(REAL(1)/REAL(92897280) + beta*(beta*(REAL(1)/REAL(18432) - REAL(1)/REAL(4608)*beta) + REAL(-1)/REAL(368640)) + omega_squared*(REAL(1)/REAL(40874803200.0) + beta*(beta*(REAL(7)/REAL(5406720) + beta*((REAL(1)/REAL(22528))*beta + REAL(-1)/REAL(67584))) + REAL(-17)/REAL(681246720)) + omega_squared*(REAL(1)/REAL(25505877196800.0) + beta*(beta*(REAL(1)/REAL(50319360) + beta*(beta*(REAL(5)/REAL(1277952) - REAL(1)/REAL(106496)*beta) + REAL(-19)/REAL(38338560))) + REAL(-31)/REAL(193226342400.0)))))) - REAL(1)/REAL(160)*beta));
                REAL span_left = (s_back >= REAL(0) ? REAL(2)*delta[(j + 1)*all_threads] : s_front <= REAL(0) ? REAL(0) : s_front);
                REAL span_right = (s_back >= REAL(0) ? REAL(0) : s_front <= REAL(0) ? REAL(2)*delta[(j + 1)*all_threads] : -s_back);
                integral_left[(j + 1)*all_threads] = (delta[(j + 1)*all_threads] < REAL(1)/REAL(4) ? tilt + REAL(2)*delta[(j + 1)*all_threads]*share_left : log_front + span_left - log_back);
                integral_right[j*all_threads] = (delta[(j + 1)*all_threads] < REAL(1)/REAL(4) ? REAL(2)*delta[(j + 1)*all_threads]*share_right - tilt : log_back + span_right - log_front);
                REAL bend = (delta[(j + 1)*all_threads] < REAL(1)/REAL(4) ? bump*(REAL(1)/REAL(12) + omega_squared*(REAL(1)/REAL(480) + omega_squared*(REAL(1)/REAL(53760) + beta*((REAL(1)/REAL(448))*beta + REAL(-1)/REAL(1792)) + omega_squared*(REAL(1)/REAL(11612160) + beta*(beta*(REAL(1)/REAL(6912) - REAL(1)/REAL(2304)*beta) + REAL(-1)/REAL(92160)) + omega_squared*(REAL(1)/REAL(4087480320.0) + beta*(beta*(REAL(7)/REAL(1622016) + beta*((REAL(1)/REAL(11264))*beta + REAL(-5)/REAL(135168))) + REAL(-17)/REAL(136249344)) + omega_squared*(REAL(1)/REAL(2125489766400.0) + beta*(beta*(REAL(1)/REAL(12579840) + beta*(beta*(REAL(1)/REAL(106496) - REAL(1)/REAL(53248)*beta) + REAL(-19)/REAL(12779520))) + REAL(-31)/REAL(32204390400.0)))))) - REAL(1)/REAL(80)*beta)) : delta[(j + 1)*all_threads]*(log_back + log_front) + (REAL(1)/REAL(2))*span_left*span_right + (s_back >= REAL(0) ? D_front - D_back : s_front <= REAL(0) ? D_back - D_front : D_back + D_front - REAL(1)/REAL(6)*(REAL(3.14159265358979323846)*REAL(3.14159265358979323846))));
                REAL place_before = place[j*all_threads];
                REAL gap = place[(j + 1)*all_threads] - place_before;
                raw_loss_part += gap*(log_back + log_front + maximum(left_before, right[(j + 1)*all_threads] - delta[(j + 1)*all_threads]) + maximum(right[(j + 1)*all_threads], left_before - delta[(j + 1)*all_threads])) - bend*h[row];
                REAL done_before = done[j*all_threads];
                raw_grad_b_part += (done[(j + 1)*all_threads] + done_before)*(integral_left[(j + 1)*all_threads] - integral_right[j*all_threads]) - REAL(2)*bend*h_over_width;
                REAL left_over_before = left_over[j*all_threads];
                raw_grad_a_part += (integral_left[(j + 1)*all_threads] - integral_right[j*all_threads])*(left_over[(j + 1)*all_threads] + left_over_before) + REAL(2)*bend*h_over_width;
            }
            accumulate(raw_loss, raw_loss_rest, raw_loss_part);
            accumulate(raw_grad_b, raw_grad_b_rest, raw_grad_b_part);
            accumulate(raw_grad_a, raw_grad_a_rest, raw_grad_a_part);
        }
        loss[row] = common_distance/h[row] + log(total_weight) - summit - REAL(1)/REAL(2)*raw_loss/width;
        REAL grad_b_value = (REAL(1)/REAL(4))*raw_grad_b/width;
        grad_a[row] = (REAL(1)/REAL(4))*raw_grad_a/width;
        grad_b[row] = grad_b_value;
        after[0*all_threads] = REAL(0);
        after[(J + 1)*all_threads] = REAL(0);
        ROLLED for (long long j = J - 1; j >= 0; --j) {
            REAL integral_left_after = integral_left[(j + 2)*all_threads];
            REAL kept_left_after = kept_left[(j + 2)*all_threads];
            after[(j + 1)*all_threads] = integral_left_after + after[(j + 2)*all_threads]*kept_left_after;
        }
        ahead_of[0*all_threads] = REAL(0);
        ahead_of[(J + 1)*all_threads] = REAL(0);
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL kept_right_before = kept_right[j*all_threads];
            ahead_of[(j + 1)*all_threads] = integral_right[j*all_threads] + ahead_of[j*all_threads]*kept_right_before;
        }
        REAL raw_grad_h = REAL(0);
        REAL raw_grad_h_rest = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 128) {
            REAL raw_grad_h_part = REAL(0);
            ROLLED for (long long j = j_0; j < J && j < j_0 + 128; j += 1) {
                REAL in_left = (new_left[j*all_threads] >= REAL(0) ? REAL(1)/(REAL(1) + e_left[j*all_threads]) : e_left[j*all_threads]/(REAL(1) + e_left[j*all_threads]));
                REAL in_right = (new_right[j*all_threads] >= REAL(0) ? REAL(1)/(REAL(1) + e_right[j*all_threads]) : e_right[j*all_threads]/(REAL(1) + e_right[j*all_threads]));
                REAL R_left = after[(j + 1)*all_threads]*in_left*unit;
                REAL R_right = ahead_of[(j + 1)*all_threads]*in_right*unit;
                REAL prior = inverse_total_weight*weight[j*all_threads];
                grad_z[row*J + j] = prior - R_left - R_right;
                REAL grad_points_value = inverse_h*(R_right - R_left);
                raw_grad_h_part += grad_points_value*(points[row*J + j] - a[row]);
                grad_points[row*J + j] = grad_points_value;
            }
            accumulate(raw_grad_h, raw_grad_h_rest, raw_grad_h_part);
        }
        grad_h[row] = (-raw_grad_h - grad_b_value*width)/h[row];
    }
}


// Cross-entropy of a uniform target on [a, b] against a kernel density estimate, wrapped Laplace kernel, by exact integrals.
//     p(x) = \sum_j S_j \sum_{n\in\mathbb{Z}}\, e^{-|x-x_j+nP|/h}, \qquad S = \operatorname{softmax}(z)
//     L = -\frac{1}{b-a} \int_a^b \log p(x)\,dx
// One thread per row (and stride over rows).
// `scratch`: 23*J + 22 numbers a thread, those of all threads side by side.
extern "C" __global__ void laplace_on_circle(
    const REAL *__restrict__ z, const REAL *__restrict__ points, const REAL *__restrict__ a, const REAL *__restrict__ b, const REAL *__restrict__ h, const REAL *__restrict__ period, long long R, long long J, REAL *__restrict__ loss, REAL *__restrict__ grad_z, REAL *__restrict__ grad_points, REAL *__restrict__ grad_h, REAL *__restrict__ grad_a, REAL *__restrict__ grad_b, REAL *__restrict__ scratch)
{
    const long long thread = (long long)blockIdx.x*blockDim.x + threadIdx.x;
    const long long all_threads = R < (long long)gridDim.x*blockDim.x ? R : (long long)gridDim.x*blockDim.x;
    scratch += thread;
    REAL *place = scratch; scratch += (J + 2)*all_threads;
    REAL *done = scratch; scratch += (J + 2)*all_threads;
    REAL *left_over = scratch; scratch += (J + 2)*all_threads;
    REAL *distance = scratch; scratch += (J)*all_threads;
    REAL *delta = scratch; scratch += (J + 2)*all_threads;
    REAL *weight = scratch; scratch += (J)*all_threads;
    REAL *way_left = scratch; scratch += (J)*all_threads;
    REAL *way_right = scratch; scratch += (J)*all_threads;
    REAL *logit = scratch; scratch += (J)*all_threads;
    REAL *weight_behind = scratch; scratch += (J)*all_threads;
    REAL *weight_past = scratch; scratch += (J)*all_threads;
    REAL *left = scratch; scratch += (J + 2)*all_threads;
    REAL *right = scratch; scratch += (J + 2)*all_threads;
    REAL *new_left = scratch; scratch += (J)*all_threads;
    REAL *e_left = scratch; scratch += (J)*all_threads;
    REAL *kept_left = scratch; scratch += (J + 2)*all_threads;
    REAL *new_right = scratch; scratch += (J)*all_threads;
    REAL *e_right = scratch; scratch += (J)*all_threads;
    REAL *kept_right = scratch; scratch += (J + 2)*all_threads;
    REAL *integral_left = scratch; scratch += (J + 2)*all_threads;
    REAL *integral_right = scratch; scratch += (J)*all_threads;
    REAL *after = scratch; scratch += (J + 2)*all_threads;
    REAL *ahead_of = scratch; scratch += (J + 2)*all_threads;
    for (long long row = thread; row < R; row += all_threads) {
        REAL width = b[row] - a[row];
        REAL inverse_h = REAL(1)/h[row];
        REAL turn = period[row]/h[row];
        REAL unit = (REAL(1)/REAL(2))*h[row]/width;
        REAL inverse_width = REAL(1)/width;
        REAL inverse_expm1_turn = REAL(1)/expm1(turn);
        REAL inverse_expm1_turn_1 = REAL(1)/expm1(-turn);
        REAL h_over_width = h[row]/width;
        REAL top_z = LOWEST;
        place[0*all_threads] = a[row];
        place[(J + 1)*all_threads] = a[row];
        done[0*all_threads] = REAL(0);
        done[(J + 1)*all_threads] = REAL(0);
        left_over[0*all_threads] = REAL(1);
        left_over[(J + 1)*all_threads] = REAL(1);
        ROLLED for (long long j = 0; j < J; j += 1) {
            top_z = maximum(top_z, z[row*J + j]);
            place[(j + 1)*all_threads] = (a[row] > points[row*J + j] ? a[row] : b[row] < points[row*J + j] ? b[row] : points[row*J + j]);
            done[(j + 1)*all_threads] = inverse_width*(place[(j + 1)*all_threads] - a[row]);
            left_over[(j + 1)*all_threads] = inverse_width*(b[row] - place[(j + 1)*all_threads]);
        }
        REAL total_weight = REAL(0);
        REAL top_level = LOWEST;
        REAL total_weight_rest = REAL(0);
        delta[0*all_threads] = REAL(0);
        delta[(J + 1)*all_threads] = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 128) {
            REAL total_weight_part = REAL(0);
            ROLLED for (long long j = j_0; j < J && j < j_0 + 128; j += 1) {
                distance[j*all_threads] = maximum(maximum(REAL(0), a[row] - points[row*J + j]), points[row*J + j] - b[row]);
                REAL centred = z[row*J + j] - top_z;
                REAL level = centred - distance[j*all_threads]*inverse_h;
                top_level = maximum(top_level, level);
                REAL place_before = place[j*all_threads];
                REAL gap = place[(j + 1)*all_threads] - place_before;
                delta[(j + 1)*all_threads] = gap*inverse_h;
                weight[j*all_threads] = exp(centred);
                total_weight_part += weight[j*all_threads];
            }
            accumulate(total_weight, total_weight_rest, total_weight_part);
        }
        REAL inverse_total_weight = REAL(1)/total_weight;
        REAL common_distance = LOWEST;
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL centred = z[row*J + j] - top_z;
            REAL level = centred - distance[j*all_threads]*inverse_h;
            common_distance = maximum(common_distance, (level >= top_level ? distance[j*all_threads] : REAL(0)));
        }
        REAL summit = LOWEST;
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL centred = z[row*J + j] - top_z;
            REAL near = centred - inverse_h*(distance[j*all_threads] - common_distance);
            summit = maximum(summit, near);
        }
        REAL top_weight_behind = LOWEST;
        REAL top_weight_past = LOWEST;
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL left_of_start = a[row] - points[row*J + j];
            way_left[j*all_threads] = (a[row] > points[row*J + j] ? left_of_start : left_of_start + period[row]);
            REAL right_of_end = points[row*J + j] - b[row];
            way_right[j*all_threads] = (b[row] < points[row*J + j] ? right_of_end : period[row] + right_of_end);
            REAL centred = z[row*J + j] - top_z;
            REAL near = centred - inverse_h*(distance[j*all_threads] - common_distance);
            logit[j*all_threads] = (a[row] > points[row*J + j] || b[row] < points[row*J + j] ? -INFINITE : near - summit);
            REAL image_left = centred - summit - inverse_h*(way_left[j*all_threads] - common_distance);
            top_weight_behind = maximum(top_weight_behind, image_left);
            REAL image_right = centred - summit - inverse_h*(way_right[j*all_threads] - common_distance);
            top_weight_past = maximum(top_weight_past, image_right);
        }
        REAL total_weight_behind = REAL(0);
        REAL total_weight_past = REAL(0);
        REAL total_weight_behind_rest = REAL(0);
        REAL total_weight_past_rest = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 128) {
            REAL total_weight_behind_part = REAL(0);
            REAL total_weight_past_part = REAL(0);
            ROLLED for (long long j = j_0; j < J && j < j_0 + 128; j += 1) {
                REAL centred = z[row*J + j] - top_z;
                REAL image_left = centred - summit - inverse_h*(way_left[j*all_threads] - common_distance);
                weight_behind[j*all_threads] = exp(image_left - top_weight_behind);
                total_weight_behind_part += weight_behind[j*all_threads];
                REAL image_right = centred - summit - inverse_h*(way_right[j*all_threads] - common_distance);
                weight_past[j*all_threads] = exp(image_right - top_weight_past);
                total_weight_past_part += weight_past[j*all_threads];
            }
            accumulate(total_weight_behind, total_weight_behind_rest, total_weight_behind_part);
            accumulate(total_weight_past, total_weight_past_rest, total_weight_past_part);
        }
        REAL left_start = top_weight_behind + log(total_weight_behind) - log(-expm1(-turn));
        REAL right_start = top_weight_past + log(total_weight_past) - log(-expm1(-turn));
        REAL inverse_total_weight_behind = REAL(1)/maximum(REAL(1), total_weight_behind);
        REAL inverse_total_weight_past = REAL(1)/maximum(REAL(1), total_weight_past);
        left[0*all_threads] = left_start;
        left[(J + 1)*all_threads] = left_start;
        ROLLED for (long long j = 0; j < J; j += 1) {
            left[(j + 1)*all_threads] = log_add_exp(logit[j*all_threads], left[j*all_threads] - delta[(j + 1)*all_threads]);
        }
        right[0*all_threads] = right_start;
        right[(J + 1)*all_threads] = right_start;
        ROLLED for (long long j = J - 1; j >= 0; --j) {
            REAL delta_after = delta[(j + 2)*all_threads];
            right[(j + 1)*all_threads] = log_add_exp(logit[j*all_threads], right[(j + 2)*all_threads] - delta_after);
        }
        REAL raw_loss = REAL(0);
        REAL raw_grad_h_1 = REAL(0);
        REAL raw_grad_h_2 = REAL(0);
        REAL raw_grad_b = REAL(0);
        REAL raw_grad_a = REAL(0);
        REAL raw_loss_rest = REAL(0);
        REAL raw_grad_h_1_rest = REAL(0);
        REAL raw_grad_h_2_rest = REAL(0);
        REAL raw_grad_b_rest = REAL(0);
        REAL raw_grad_a_rest = REAL(0);
        kept_left[0*all_threads] = REAL(0);
        kept_left[(J + 1)*all_threads] = REAL(0);
        kept_right[0*all_threads] = REAL(0);
        kept_right[(J + 1)*all_threads] = REAL(0);
        integral_left[0*all_threads] = REAL(0);
        integral_left[(J + 1)*all_threads] = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 128) {
            REAL raw_loss_part = REAL(0);
            REAL raw_grad_h_1_part = REAL(0);
            REAL raw_grad_h_2_part = REAL(0);
            REAL raw_grad_b_part = REAL(0);
            REAL raw_grad_a_part = REAL(0);
            ROLLED for (long long j = j_0; j < J && j < j_0 + 128; j += 1) {
                REAL left_before = left[j*all_threads];
                new_left[j*all_threads] = (logit[j*all_threads] == -INFINITE ? -INFINITE : delta[(j + 1)*all_threads] + logit[j*all_threads] - left_before);
                e_left[j*all_threads] = exp(-fabs(new_left[j*all_threads]));
                kept_left[(j + 1)*all_threads] = (new_left[j*all_threads] >= REAL(0) ? e_left[j*all_threads]/(REAL(1) + e_left[j*all_threads]) : REAL(1)/(REAL(1) + e_left[j*all_threads]));
                REAL delta_after = delta[(j + 2)*all_threads];
                REAL right_after = right[(j + 2)*all_threads];
                new_right[j*all_threads] = (logit[j*all_threads] == -INFINITE ? -INFINITE : delta_after + logit[j*all_threads] - right_after);
                e_right[j*all_threads] = exp(-fabs(new_right[j*all_threads]));
                kept_right[(j + 1)*all_threads] = (new_right[j*all_threads] >= REAL(0) ? e_right[j*all_threads]/(REAL(1) + e_right[j*all_threads]) : REAL(1)/(REAL(1) + e_right[j*all_threads]));
                REAL balance = left_before - right[(j + 1)*all_threads];
                REAL e_middle = exp(-fabs(balance));
                REAL s_front = balance + delta[(j + 1)*all_threads];
                REAL e_front = exp(-fabs(s_front));
                REAL s_back = balance - delta[(j + 1)*all_threads];
                REAL e_back = exp(-fabs(s_back));
                REAL log_front = log1p(e_front);
                REAL log_back = log1p(e_back);
                REAL front_squared = (log_front*log_front);
                REAL D_front = log_front + (REAL(1)/REAL(4))*front_squared + front_squared*log_front*(REAL(1)/REAL(36) + front_squared*(front_squared*(REAL(1)/REAL(211680) + front_squared*(front_squared*(REAL(1)/REAL(526901760) + front_squared*((REAL(1)/REAL(1120863744000.0))*front_squared + REAL(-691)/REAL(16999766784000.0))) + REAL(-1)/REAL(10886400))) + REAL(-1)/REAL(3600)));
                REAL back_squared = (log_back*log_back);
                REAL D_back = log_back + (REAL(1)/REAL(4))*back_squared + back_squared*log_back*(REAL(1)/REAL(36) + back_squared*(back_squared*(REAL(1)/REAL(211680) + back_squared*(back_squared*(REAL(1)/REAL(526901760) + back_squared*((REAL(1)/REAL(1120863744000.0))*back_squared + REAL(-691)/REAL(16999766784000.0))) + REAL(-1)/REAL(10886400))) + REAL(-1)/REAL(3600)));
                REAL share_left = (balance >= REAL(0) ? REAL(1)/(REAL(1) + e_middle) : e_middle/(REAL(1) + e_middle));
                REAL share_right = (balance <= REAL(0) ? REAL(1)/(REAL(1) + e_middle) : e_middle/(REAL(1) + e_middle));
                REAL beta = share_left*share_right;
                REAL omega_squared = REAL(4)*(delta[(j + 1)*all_threads]*delta[(j + 1)*all_threads]);
                REAL bump = REAL(2)*beta*delta[(j + 1)*all_threads]*omega_squared;
                REAL tilt = bump*(share_right - share_left)*(REAL(1)/REAL(24) + omega_squared*(REAL(1)/REAL(1920) + omega_squared*(REAL(1)/REAL(322560) + beta*((REAL(1)/REAL(896))*beta + REAL(-1)/REAL(5376)) + omega_squared*(REAL(1)/REAL(92897280) + beta*(beta*(REAL(1)/REAL(18432) - REAL(1)/REAL(4608)*beta) + REAL(-1)/REAL(368640)) + omega_squared*(REAL(1)/REAL(40874803200.0) + beta*(beta*(REAL(7)/REAL(5406720) + beta*((REAL(1)/REAL(22528))*beta + REAL(-1)/REAL(67584))) + REAL(-17)/REAL(681246720)) + omega_squared*(REAL(1)/REAL(25505877196800.0) + beta*(beta*(REAL(1)/REAL(50319360) + beta*(beta*(REAL(5)/REAL(1277952) - REAL(1)/REAL(106496)*beta) + REAL(-19)/REAL(38338560))) + REAL(-31)/REAL(193226342400.0)))))) - REAL(1)/REAL(160)*beta));
                REAL span_left = (s_back >= REAL(0) ? REAL(2)*delta[(j + 1)*all_threads] : s_front <= REAL(0) ? REAL(0) : s_front);
                REAL span_right = (s_back >= REAL(0) ? REAL(0) : s_front <= REAL(0) ? REAL(2)*delta[(j + 1)*all_threads] : -s_back);
                integral_left[(j + 1)*all_threads] = (delta[(j + 1)*all_threads] < REAL(1)/REAL(4) ? tilt + REAL(2)*delta[(j + 1)*all_threads]*share_left : log_front + span_left - log_back);
                integral_right[j*all_threads] = (delta[(j + 1)*all_threads] < REAL(1)/REAL(4) ? REAL(2)*delta[(j + 1)*all_threads]*share_right - tilt : log_back + span_right - log_front);
                REAL bend = (delta[(j + 1)*all_threads] < REAL(1)/REAL(4) ? bump*(REAL(1)/REAL(12) + omega_squared*(REAL(1)/REAL(480) + omega_squared*(REAL(1)/REAL(53760) + beta*((REAL(1)/REAL(448))*beta + REAL(-1)/REAL(1792)) + omega_squared*(REAL(1)/REAL(11612160) + beta*(beta*(REAL(1)/REAL(6912) - REAL(1)/REAL(2304)*beta) + REAL(-1)/REAL(92160)) + omega_squared*(REAL(1)/REAL(4087480320.0) + beta*(beta*(REAL(7)/REAL(1622016) + beta*((REAL(1)/REAL(11264))*beta + REAL(-5)/REAL(135168))) + REAL(-17)/REAL(136249344)) + omega_squared*(REAL(1)/REAL(2125489766400.0) + beta*(beta*(REAL(1)/REAL(12579840) + beta*(beta*(REAL(1)/REAL(106496) - REAL(1)/REAL(53248)*beta) + REAL(-19)/REAL(12779520))) + REAL(-31)/REAL(32204390400.0)))))) - REAL(1)/REAL(80)*beta)) : delta[(j + 1)*all_threads]*(log_back + log_front) + (REAL(1)/REAL(2))*span_left*span_right + (s_back >= REAL(0) ? D_front - D_back : s_front <= REAL(0) ? D_back - D_front : D_back + D_front - REAL(1)/REAL(6)*(REAL(3.14159265358979323846)*REAL(3.14159265358979323846))));
                REAL place_before = place[j*all_threads];
                REAL gap = place[(j + 1)*all_threads] - place_before;
                raw_loss_part += gap*(log_back + log_front + maximum(left_before, right[(j + 1)*all_threads] - delta[(j + 1)*all_threads]) + maximum(right[(j + 1)*all_threads], left_before - delta[(j + 1)*all_threads])) - bend*h[row];
                REAL share_past = inverse_total_weight_past*weight_past[j*all_threads];
                raw_grad_h_1_part += (b[row] < points[row*J + j] ? inverse_expm1_turn*share_past : -inverse_expm1_turn_1*share_past);
                REAL share_behind = inverse_total_weight_behind*weight_behind[j*all_threads];
                raw_grad_h_2_part += (a[row] > points[row*J + j] ? inverse_expm1_turn*share_behind : -inverse_expm1_turn_1*share_behind);
                REAL done_before = done[j*all_threads];
                raw_grad_b_part += (done[(j + 1)*all_threads] + done_before)*(integral_left[(j + 1)*all_threads] - integral_right[j*all_threads]) - REAL(2)*bend*h_over_width;
                REAL left_over_before = left_over[j*all_threads];
                raw_grad_a_part += (integral_left[(j + 1)*all_threads] - integral_right[j*all_threads])*(left_over[(j + 1)*all_threads] + left_over_before) + REAL(2)*bend*h_over_width;
            }
            accumulate(raw_loss, raw_loss_rest, raw_loss_part);
            accumulate(raw_grad_h_1, raw_grad_h_1_rest, raw_grad_h_1_part);
            accumulate(raw_grad_h_2, raw_grad_h_2_rest, raw_grad_h_2_part);
            accumulate(raw_grad_b, raw_grad_b_rest, raw_grad_b_part);
            accumulate(raw_grad_a, raw_grad_a_rest, raw_grad_a_part);
        }
        REAL integral_left_at_start = integral_left[1*all_threads];
        REAL kept_left_at_start = kept_left[1*all_threads];
        REAL kept_right_at_end = kept_right[J*all_threads];
        loss[row] = common_distance/h[row] + log(total_weight) - summit - REAL(1)/REAL(2)*raw_loss/width;
        REAL grad_b_value = (REAL(1)/REAL(4))*raw_grad_b/width;
        grad_a[row] = (REAL(1)/REAL(4))*raw_grad_a/width;
        grad_b[row] = grad_b_value;
        after[0*all_threads] = REAL(0);
        after[(J + 1)*all_threads] = REAL(0);
        ROLLED for (long long j = J - 1; j >= 0; --j) {
            REAL integral_left_after = integral_left[(j + 2)*all_threads];
            REAL kept_left_after = kept_left[(j + 2)*all_threads];
            after[(j + 1)*all_threads] = integral_left_after + after[(j + 2)*all_threads]*kept_left_after;
        }
        REAL after_at_start = after[1*all_threads];
        REAL start_after = integral_left_at_start + after_at_start*kept_left_at_start;
        ahead_of[0*all_threads] = REAL(0);
        ahead_of[(J + 1)*all_threads] = REAL(0);
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL kept_right_before = kept_right[j*all_threads];
            ahead_of[(j + 1)*all_threads] = integral_right[j*all_threads] + ahead_of[j*all_threads]*kept_right_before;
        }
        REAL ahead_of_at_end = ahead_of[J*all_threads];
        REAL end_ahead = ahead_of_at_end*kept_right_at_end;
        REAL raw_grad_h = REAL(0);
        REAL raw_grad_h_rest = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 128) {
            REAL raw_grad_h_part = REAL(0);
            ROLLED for (long long j = j_0; j < J && j < j_0 + 128; j += 1) {
                REAL in_left = (new_left[j*all_threads] >= REAL(0) ? REAL(1)/(REAL(1) + e_left[j*all_threads]) : e_left[j*all_threads]/(REAL(1) + e_left[j*all_threads]));
                REAL in_right = (new_right[j*all_threads] >= REAL(0) ? REAL(1)/(REAL(1) + e_right[j*all_threads]) : e_right[j*all_threads]/(REAL(1) + e_right[j*all_threads]));
                REAL share_behind = inverse_total_weight_behind*weight_behind[j*all_threads];
                REAL R_left = unit*(after[(j + 1)*all_threads]*in_left + share_behind*start_after);
                REAL share_past = inverse_total_weight_past*weight_past[j*all_threads];
                REAL R_right = unit*(ahead_of[(j + 1)*all_threads]*in_right + end_ahead*share_past);
                REAL prior = inverse_total_weight*weight[j*all_threads];
                grad_z[row*J + j] = prior - R_left - R_right;
                REAL grad_points_value = inverse_h*(R_right - R_left);
                raw_grad_h_part += grad_points_value*(points[row*J + j] - a[row]);
                grad_points[row*J + j] = grad_points_value;
            }
            accumulate(raw_grad_h, raw_grad_h_rest, raw_grad_h_part);
        }
        grad_h[row] = (-raw_grad_h - grad_b_value*width - turn*unit*(end_ahead*raw_grad_h_1 + raw_grad_h_2*start_after))/h[row];
    }
}


// Hessian in the logits of that cross-entropy, times v, Laplace kernel, by exact integrals.
//     p(x) = \sum_j S_j\, e^{-|x-x_j|/h}, \qquad S = \operatorname{softmax}(z)
//     Hv = \frac{\partial^2 L}{\partial z\,\partial z^\top}\,v, \qquad L = -\frac{1}{b-a} \int_a^b \log p(x)\,dx
// One thread per row (and stride over rows).
// `scratch`: 22*J + 28 numbers a thread, those of all threads side by side.
extern "C" __global__ void laplace_hvp(
    const REAL *__restrict__ z, const REAL *__restrict__ points, const REAL *__restrict__ a, const REAL *__restrict__ b, const REAL *__restrict__ h, const REAL *__restrict__ v, long long R, long long J, REAL *__restrict__ product, REAL *__restrict__ scratch)
{
    const long long thread = (long long)blockIdx.x*blockDim.x + threadIdx.x;
    const long long all_threads = R < (long long)gridDim.x*blockDim.x ? R : (long long)gridDim.x*blockDim.x;
    scratch += thread;
    REAL *place = scratch; scratch += (J + 2)*all_threads;
    REAL *distance = scratch; scratch += (J)*all_threads;
    REAL *delta = scratch; scratch += (J + 2)*all_threads;
    REAL *weight = scratch; scratch += (J)*all_threads;
    REAL *left = scratch; scratch += (J + 2)*all_threads;
    REAL *right = scratch; scratch += (J + 2)*all_threads;
    REAL *in_left = scratch; scratch += (J)*all_threads;
    REAL *kept_left = scratch; scratch += (J + 2)*all_threads;
    REAL *in_right = scratch; scratch += (J)*all_threads;
    REAL *kept_right = scratch; scratch += (J + 2)*all_threads;
    REAL *e_front = scratch; scratch += (J)*all_threads;
    REAL *e_back = scratch; scratch += (J)*all_threads;
    REAL *integral_left = scratch; scratch += (J + 2)*all_threads;
    REAL *integral_right = scratch; scratch += (J)*all_threads;
    REAL *after = scratch; scratch += (J + 2)*all_threads;
    REAL *mean_right = scratch; scratch += (J + 2)*all_threads;
    REAL *ahead_of = scratch; scratch += (J + 2)*all_threads;
    REAL *mean_left = scratch; scratch += (J + 2)*all_threads;
    REAL *overlap = scratch; scratch += (J)*all_threads;
    REAL *pull_left = scratch; scratch += (J + 2)*all_threads;
    REAL *passed_left = scratch; scratch += (J + 2)*all_threads;
    REAL *passed_right = scratch; scratch += (J + 2)*all_threads;
    for (long long row = thread; row < R; row += all_threads) {
        REAL width = b[row] - a[row];
        REAL inverse_h = REAL(1)/h[row];
        REAL unit = (REAL(1)/REAL(2))*h[row]/width;
        REAL top_z = LOWEST;
        place[0*all_threads] = a[row];
        place[(J + 1)*all_threads] = a[row];
        ROLLED for (long long j = 0; j < J; j += 1) {
            top_z = maximum(top_z, z[row*J + j]);
            place[(j + 1)*all_threads] = (a[row] > points[row*J + j] ? a[row] : b[row] < points[row*J + j] ? b[row] : points[row*J + j]);
        }
        REAL total_weight = REAL(0);
        REAL top_level = LOWEST;
        REAL total_weight_rest = REAL(0);
        delta[0*all_threads] = REAL(0);
        delta[(J + 1)*all_threads] = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 128) {
            REAL total_weight_part = REAL(0);
            ROLLED for (long long j = j_0; j < J && j < j_0 + 128; j += 1) {
                distance[j*all_threads] = maximum(maximum(REAL(0), a[row] - points[row*J + j]), points[row*J + j] - b[row]);
                REAL centred = z[row*J + j] - top_z;
                REAL level = centred - distance[j*all_threads]*inverse_h;
                top_level = maximum(top_level, level);
                REAL place_before = place[j*all_threads];
                REAL gap = place[(j + 1)*all_threads] - place_before;
                delta[(j + 1)*all_threads] = gap*inverse_h;
                weight[j*all_threads] = exp(centred);
                total_weight_part += weight[j*all_threads];
            }
            accumulate(total_weight, total_weight_rest, total_weight_part);
        }
        REAL inverse_total_weight = REAL(1)/total_weight;
        REAL raw_direction = REAL(0);
        REAL common_distance = LOWEST;
        REAL raw_direction_rest = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 128) {
            REAL raw_direction_part = REAL(0);
            ROLLED for (long long j = j_0; j < J && j < j_0 + 128; j += 1) {
                REAL centred = z[row*J + j] - top_z;
                REAL level = centred - distance[j*all_threads]*inverse_h;
                common_distance = maximum(common_distance, (level >= top_level ? distance[j*all_threads] : REAL(0)));
                REAL prior = inverse_total_weight*weight[j*all_threads];
                raw_direction_part += prior*v[row*J + j];
            }
            accumulate(raw_direction, raw_direction_rest, raw_direction_part);
        }
        REAL summit = LOWEST;
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL centred = z[row*J + j] - top_z;
            REAL near = centred - inverse_h*(distance[j*all_threads] - common_distance);
            summit = maximum(summit, near);
        }
        left[0*all_threads] = -INFINITE;
        left[(J + 1)*all_threads] = -INFINITE;
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL centred = z[row*J + j] - top_z;
            REAL near = centred - inverse_h*(distance[j*all_threads] - common_distance);
            REAL logit = near - summit;
            left[(j + 1)*all_threads] = log_add_exp(logit, left[j*all_threads] - delta[(j + 1)*all_threads]);
        }
        right[0*all_threads] = -INFINITE;
        right[(J + 1)*all_threads] = -INFINITE;
        ROLLED for (long long j = J - 1; j >= 0; --j) {
            REAL delta_after = delta[(j + 2)*all_threads];
            REAL centred = z[row*J + j] - top_z;
            REAL near = centred - inverse_h*(distance[j*all_threads] - common_distance);
            REAL logit = near - summit;
            right[(j + 1)*all_threads] = log_add_exp(logit, right[(j + 2)*all_threads] - delta_after);
        }
        kept_left[0*all_threads] = REAL(0);
        kept_left[(J + 1)*all_threads] = REAL(0);
        kept_right[0*all_threads] = REAL(0);
        kept_right[(J + 1)*all_threads] = REAL(0);
        integral_left[0*all_threads] = REAL(0);
        integral_left[(J + 1)*all_threads] = REAL(0);
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL left_before = left[j*all_threads];
            REAL centred = z[row*J + j] - top_z;
            REAL near = centred - inverse_h*(distance[j*all_threads] - common_distance);
            REAL logit = near - summit;
            REAL new_left = (logit == -INFINITE ? -INFINITE : delta[(j + 1)*all_threads] + logit - left_before);
            REAL e_left = exp(-fabs(new_left));
            in_left[j*all_threads] = (new_left >= REAL(0) ? REAL(1)/(REAL(1) + e_left) : e_left/(REAL(1) + e_left));
            kept_left[(j + 1)*all_threads] = (new_left >= REAL(0) ? e_left/(REAL(1) + e_left) : REAL(1)/(REAL(1) + e_left));
            REAL delta_after = delta[(j + 2)*all_threads];
            REAL right_after = right[(j + 2)*all_threads];
            REAL new_right = (logit == -INFINITE ? -INFINITE : delta_after + logit - right_after);
            REAL e_right = exp(-fabs(new_right));
            in_right[j*all_threads] = (new_right >= REAL(0) ? REAL(1)/(REAL(1) + e_right) : e_right/(REAL(1) + e_right));
            kept_right[(j + 1)*all_threads] = (new_right >= REAL(0) ? e_right/(REAL(1) + e_right) : REAL(1)/(REAL(1) + e_right));
            REAL balance = left_before - right[(j + 1)*all_threads];
            REAL e_middle = exp(-fabs(balance));
            REAL s_front = balance + delta[(j + 1)*all_threads];
            e_front[j*all_threads] = exp(-fabs(s_front));
            REAL s_back = balance - delta[(j + 1)*all_threads];
            e_back[j*all_threads] = exp(-fabs(s_back));
            REAL log_front = log1p(e_front[j*all_threads]);
            REAL log_back = log1p(e_back[j*all_threads]);
            REAL share_left = (balance >= REAL(0) ? REAL(1)/(REAL(1) + e_middle) : e_middle/(REAL(1) + e_middle));
            REAL share_right = (balance <= REAL(0) ? REAL(1)/(REAL(1) + e_middle) : e_middle/(REAL(1) + e_middle));
            REAL beta = share_left*share_right;
            REAL omega_squared = REAL(4)*(delta[(j + 1)*all_threads]*delta[(j + 1)*all_threads]);
            REAL bump = REAL(2)*beta*delta[(j + 1)*all_threads]*omega_squared;
            REAL tilt = bump*(share_right - share_left)*(REAL(1)/REAL(24) + omega_squared*(REAL(1)/REAL(1920) + omega_squared*(REAL(1)/REAL(322560) + beta*((REAL(1)/REAL(896))*beta + REAL(-1)/REAL(5376)) + omega_squared*(REAL(1)/REAL(92897280) + beta*(beta*(REAL(1)/REAL(18432) - REAL(1)/REAL(4608)*beta) + REAL(-1)/REAL(368640)) + omega_squared*(REAL(1)/REAL(40874803200.0) + beta*(beta*(REAL(7)/REAL(5406720) + beta*((REAL(1)/REAL(22528))*beta + REAL(-1)/REAL(67584))) + REAL(-17)/REAL(681246720)) + omega_squared*(REAL(1)/REAL(25505877196800.0) + beta*(beta*(REAL(1)/REAL(50319360) + beta*(beta*(REAL(5)/REAL(1277952) - REAL(1)/REAL(106496)*beta) + REAL(-19)/REAL(38338560))) + REAL(-31)/REAL(193226342400.0)))))) - REAL(1)/REAL(160)*beta));
            REAL span_left = (s_back >= REAL(0) ? REAL(2)*delta[(j + 1)*all_threads] : s_front <= REAL(0) ? REAL(0) : s_front);
            REAL span_right = (s_back >= REAL(0) ? REAL(0) : s_front <= REAL(0) ? REAL(2)*delta[(j + 1)*all_threads] : -s_back);
            integral_left[(j + 1)*all_threads] = (delta[(j + 1)*all_threads] < REAL(1)/REAL(4) ? tilt + REAL(2)*delta[(j + 1)*all_threads]*share_left : log_front + span_left - log_back);
            integral_right[j*all_threads] = (delta[(j + 1)*all_threads] < REAL(1)/REAL(4) ? REAL(2)*delta[(j + 1)*all_threads]*share_right - tilt : log_back + span_right - log_front);
        }
        after[0*all_threads] = REAL(0);
        after[(J + 1)*all_threads] = REAL(0);
        mean_right[0*all_threads] = REAL(0);
        mean_right[(J + 1)*all_threads] = REAL(0);
        ROLLED for (long long j = J - 1; j >= 0; --j) {
            REAL integral_left_after = integral_left[(j + 2)*all_threads];
            REAL kept_left_after = kept_left[(j + 2)*all_threads];
            after[(j + 1)*all_threads] = integral_left_after + after[(j + 2)*all_threads]*kept_left_after;
            REAL direction = v[row*J + j] - raw_direction;
            mean_right[(j + 1)*all_threads] = direction*in_right[j*all_threads] + kept_right[(j + 1)*all_threads]*mean_right[(j + 2)*all_threads];
        }
        ahead_of[0*all_threads] = REAL(0);
        ahead_of[(J + 1)*all_threads] = REAL(0);
        mean_left[0*all_threads] = REAL(0);
        mean_left[(J + 1)*all_threads] = REAL(0);
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL kept_right_before = kept_right[j*all_threads];
            ahead_of[(j + 1)*all_threads] = integral_right[j*all_threads] + ahead_of[j*all_threads]*kept_right_before;
            REAL direction = v[row*J + j] - raw_direction;
            mean_left[(j + 1)*all_threads] = direction*in_left[j*all_threads] + kept_left[(j + 1)*all_threads]*mean_left[j*all_threads];
        }
        pull_left[0*all_threads] = REAL(0);
        pull_left[(J + 1)*all_threads] = REAL(0);
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL left_before = left[j*all_threads];
            REAL balance = left_before - right[(j + 1)*all_threads];
            REAL s_back = balance - delta[(j + 1)*all_threads];
            REAL s_front = balance + delta[(j + 1)*all_threads];
            overlap[j*all_threads] = -(s_back <= REAL(0) ? REAL(1)/(REAL(1) + e_back[j*all_threads]) : e_back[j*all_threads]/(REAL(1) + e_back[j*all_threads]))*(s_front >= REAL(0) ? REAL(1)/(REAL(1) + e_front[j*all_threads]) : e_front[j*all_threads]/(REAL(1) + e_front[j*all_threads]))*expm1(-REAL(2)*delta[(j + 1)*all_threads]);
            REAL mean_left_before = mean_left[j*all_threads];
            pull_left[(j + 1)*all_threads] = integral_left[(j + 1)*all_threads]*mean_left_before + overlap[j*all_threads]*(mean_right[(j + 1)*all_threads] - mean_left_before);
        }
        passed_left[0*all_threads] = REAL(0);
        passed_left[(J + 1)*all_threads] = REAL(0);
        ROLLED for (long long j = J - 1; j >= 0; --j) {
            REAL kept_left_after = kept_left[(j + 2)*all_threads];
            REAL pull_left_after = pull_left[(j + 2)*all_threads];
            passed_left[(j + 1)*all_threads] = pull_left_after + kept_left_after*passed_left[(j + 2)*all_threads];
        }
        passed_right[0*all_threads] = REAL(0);
        passed_right[(J + 1)*all_threads] = REAL(0);
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL kept_right_before = kept_right[j*all_threads];
            REAL mean_left_before = mean_left[j*all_threads];
            REAL pull_right = integral_right[j*all_threads]*mean_right[(j + 1)*all_threads] + overlap[j*all_threads]*(mean_left_before - mean_right[(j + 1)*all_threads]);
            passed_right[(j + 1)*all_threads] = pull_right + kept_right_before*passed_right[j*all_threads];
        }
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL R_left = after[(j + 1)*all_threads]*in_left[j*all_threads]*unit;
            REAL R_right = ahead_of[(j + 1)*all_threads]*in_right[j*all_threads]*unit;
            REAL direction = v[row*J + j] - raw_direction;
            REAL prior = inverse_total_weight*weight[j*all_threads];
            product[row*J + j] = direction*(prior - R_left - R_right) + unit*(in_left[j*all_threads]*passed_left[(j + 1)*all_threads] + in_right[j*all_threads]*passed_right[(j + 1)*all_threads]);
        }
    }
}


// Hessian in the logits of that cross-entropy, times v, wrapped Laplace kernel, by exact integrals.
//     p(x) = \sum_j S_j \sum_{n\in\mathbb{Z}}\, e^{-|x-x_j+nP|/h}, \qquad S = \operatorname{softmax}(z)
//     Hv = \frac{\partial^2 L}{\partial z\,\partial z^\top}\,v, \qquad L = -\frac{1}{b-a} \int_a^b \log p(x)\,dx
// One thread per row (and stride over rows).
// `scratch`: 27*J + 28 numbers a thread, those of all threads side by side.
extern "C" __global__ void laplace_hvp_on_circle(
    const REAL *__restrict__ z, const REAL *__restrict__ points, const REAL *__restrict__ a, const REAL *__restrict__ b, const REAL *__restrict__ h, const REAL *__restrict__ period, const REAL *__restrict__ v, long long R, long long J, REAL *__restrict__ product, REAL *__restrict__ scratch)
{
    const long long thread = (long long)blockIdx.x*blockDim.x + threadIdx.x;
    const long long all_threads = R < (long long)gridDim.x*blockDim.x ? R : (long long)gridDim.x*blockDim.x;
    scratch += thread;
    REAL *place = scratch; scratch += (J + 2)*all_threads;
    REAL *distance = scratch; scratch += (J)*all_threads;
    REAL *delta = scratch; scratch += (J + 2)*all_threads;
    REAL *weight = scratch; scratch += (J)*all_threads;
    REAL *way_left = scratch; scratch += (J)*all_threads;
    REAL *way_right = scratch; scratch += (J)*all_threads;
    REAL *logit = scratch; scratch += (J)*all_threads;
    REAL *weight_behind = scratch; scratch += (J)*all_threads;
    REAL *weight_past = scratch; scratch += (J)*all_threads;
    REAL *left = scratch; scratch += (J + 2)*all_threads;
    REAL *right = scratch; scratch += (J + 2)*all_threads;
    REAL *in_left = scratch; scratch += (J)*all_threads;
    REAL *kept_left = scratch; scratch += (J + 2)*all_threads;
    REAL *in_right = scratch; scratch += (J)*all_threads;
    REAL *kept_right = scratch; scratch += (J + 2)*all_threads;
    REAL *e_front = scratch; scratch += (J)*all_threads;
    REAL *e_back = scratch; scratch += (J)*all_threads;
    REAL *integral_left = scratch; scratch += (J + 2)*all_threads;
    REAL *integral_right = scratch; scratch += (J)*all_threads;
    REAL *after = scratch; scratch += (J + 2)*all_threads;
    REAL *mean_right = scratch; scratch += (J + 2)*all_threads;
    REAL *ahead_of = scratch; scratch += (J + 2)*all_threads;
    REAL *mean_left = scratch; scratch += (J + 2)*all_threads;
    REAL *overlap = scratch; scratch += (J)*all_threads;
    REAL *pull_left = scratch; scratch += (J + 2)*all_threads;
    REAL *passed_left = scratch; scratch += (J + 2)*all_threads;
    REAL *passed_right = scratch; scratch += (J + 2)*all_threads;
    for (long long row = thread; row < R; row += all_threads) {
        REAL width = b[row] - a[row];
        REAL inverse_h = REAL(1)/h[row];
        REAL turn = period[row]/h[row];
        REAL unit = (REAL(1)/REAL(2))*h[row]/width;
        REAL top_z = LOWEST;
        place[0*all_threads] = a[row];
        place[(J + 1)*all_threads] = a[row];
        ROLLED for (long long j = 0; j < J; j += 1) {
            top_z = maximum(top_z, z[row*J + j]);
            place[(j + 1)*all_threads] = (a[row] > points[row*J + j] ? a[row] : b[row] < points[row*J + j] ? b[row] : points[row*J + j]);
        }
        REAL total_weight = REAL(0);
        REAL top_level = LOWEST;
        REAL total_weight_rest = REAL(0);
        delta[0*all_threads] = REAL(0);
        delta[(J + 1)*all_threads] = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 128) {
            REAL total_weight_part = REAL(0);
            ROLLED for (long long j = j_0; j < J && j < j_0 + 128; j += 1) {
                distance[j*all_threads] = maximum(maximum(REAL(0), a[row] - points[row*J + j]), points[row*J + j] - b[row]);
                REAL centred = z[row*J + j] - top_z;
                REAL level = centred - distance[j*all_threads]*inverse_h;
                top_level = maximum(top_level, level);
                REAL place_before = place[j*all_threads];
                REAL gap = place[(j + 1)*all_threads] - place_before;
                delta[(j + 1)*all_threads] = gap*inverse_h;
                weight[j*all_threads] = exp(centred);
                total_weight_part += weight[j*all_threads];
            }
            accumulate(total_weight, total_weight_rest, total_weight_part);
        }
        REAL inverse_total_weight = REAL(1)/total_weight;
        REAL raw_direction = REAL(0);
        REAL common_distance = LOWEST;
        REAL raw_direction_rest = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 128) {
            REAL raw_direction_part = REAL(0);
            ROLLED for (long long j = j_0; j < J && j < j_0 + 128; j += 1) {
                REAL centred = z[row*J + j] - top_z;
                REAL level = centred - distance[j*all_threads]*inverse_h;
                common_distance = maximum(common_distance, (level >= top_level ? distance[j*all_threads] : REAL(0)));
                REAL prior = inverse_total_weight*weight[j*all_threads];
                raw_direction_part += prior*v[row*J + j];
            }
            accumulate(raw_direction, raw_direction_rest, raw_direction_part);
        }
        REAL summit = LOWEST;
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL centred = z[row*J + j] - top_z;
            REAL near = centred - inverse_h*(distance[j*all_threads] - common_distance);
            summit = maximum(summit, near);
        }
        REAL top_weight_behind = LOWEST;
        REAL top_weight_past = LOWEST;
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL left_of_start = a[row] - points[row*J + j];
            way_left[j*all_threads] = (a[row] > points[row*J + j] ? left_of_start : left_of_start + period[row]);
            REAL right_of_end = points[row*J + j] - b[row];
            way_right[j*all_threads] = (b[row] < points[row*J + j] ? right_of_end : period[row] + right_of_end);
            REAL centred = z[row*J + j] - top_z;
            REAL near = centred - inverse_h*(distance[j*all_threads] - common_distance);
            logit[j*all_threads] = (a[row] > points[row*J + j] || b[row] < points[row*J + j] ? -INFINITE : near - summit);
            REAL image_left = centred - summit - inverse_h*(way_left[j*all_threads] - common_distance);
            top_weight_behind = maximum(top_weight_behind, image_left);
            REAL image_right = centred - summit - inverse_h*(way_right[j*all_threads] - common_distance);
            top_weight_past = maximum(top_weight_past, image_right);
        }
        REAL total_weight_behind = REAL(0);
        REAL total_weight_past = REAL(0);
        REAL total_weight_behind_rest = REAL(0);
        REAL total_weight_past_rest = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 128) {
            REAL total_weight_behind_part = REAL(0);
            REAL total_weight_past_part = REAL(0);
            ROLLED for (long long j = j_0; j < J && j < j_0 + 128; j += 1) {
                REAL centred = z[row*J + j] - top_z;
                REAL image_left = centred - summit - inverse_h*(way_left[j*all_threads] - common_distance);
                weight_behind[j*all_threads] = exp(image_left - top_weight_behind);
                total_weight_behind_part += weight_behind[j*all_threads];
                REAL image_right = centred - summit - inverse_h*(way_right[j*all_threads] - common_distance);
                weight_past[j*all_threads] = exp(image_right - top_weight_past);
                total_weight_past_part += weight_past[j*all_threads];
            }
            accumulate(total_weight_behind, total_weight_behind_rest, total_weight_behind_part);
            accumulate(total_weight_past, total_weight_past_rest, total_weight_past_part);
        }
        REAL left_start = top_weight_behind + log(total_weight_behind) - log(-expm1(-turn));
        REAL right_start = top_weight_past + log(total_weight_past) - log(-expm1(-turn));
        REAL inverse_total_weight_behind = REAL(1)/maximum(REAL(1), total_weight_behind);
        REAL inverse_total_weight_past = REAL(1)/maximum(REAL(1), total_weight_past);
        left[0*all_threads] = left_start;
        left[(J + 1)*all_threads] = left_start;
        ROLLED for (long long j = 0; j < J; j += 1) {
            left[(j + 1)*all_threads] = log_add_exp(logit[j*all_threads], left[j*all_threads] - delta[(j + 1)*all_threads]);
        }
        right[0*all_threads] = right_start;
        right[(J + 1)*all_threads] = right_start;
        ROLLED for (long long j = J - 1; j >= 0; --j) {
            REAL delta_after = delta[(j + 2)*all_threads];
            right[(j + 1)*all_threads] = log_add_exp(logit[j*all_threads], right[(j + 2)*all_threads] - delta_after);
        }
        REAL left_mean_start = REAL(0);
        REAL right_mean_start = REAL(0);
        REAL left_mean_start_rest = REAL(0);
        REAL right_mean_start_rest = REAL(0);
        kept_left[0*all_threads] = REAL(0);
        kept_left[(J + 1)*all_threads] = REAL(0);
        kept_right[0*all_threads] = REAL(0);
        kept_right[(J + 1)*all_threads] = REAL(0);
        integral_left[0*all_threads] = REAL(0);
        integral_left[(J + 1)*all_threads] = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 128) {
            REAL left_mean_start_part = REAL(0);
            REAL right_mean_start_part = REAL(0);
            ROLLED for (long long j = j_0; j < J && j < j_0 + 128; j += 1) {
                REAL left_before = left[j*all_threads];
                REAL new_left = (logit[j*all_threads] == -INFINITE ? -INFINITE : delta[(j + 1)*all_threads] + logit[j*all_threads] - left_before);
                REAL e_left = exp(-fabs(new_left));
                in_left[j*all_threads] = (new_left >= REAL(0) ? REAL(1)/(REAL(1) + e_left) : e_left/(REAL(1) + e_left));
                kept_left[(j + 1)*all_threads] = (new_left >= REAL(0) ? e_left/(REAL(1) + e_left) : REAL(1)/(REAL(1) + e_left));
                REAL delta_after = delta[(j + 2)*all_threads];
                REAL right_after = right[(j + 2)*all_threads];
                REAL new_right = (logit[j*all_threads] == -INFINITE ? -INFINITE : delta_after + logit[j*all_threads] - right_after);
                REAL e_right = exp(-fabs(new_right));
                in_right[j*all_threads] = (new_right >= REAL(0) ? REAL(1)/(REAL(1) + e_right) : e_right/(REAL(1) + e_right));
                kept_right[(j + 1)*all_threads] = (new_right >= REAL(0) ? e_right/(REAL(1) + e_right) : REAL(1)/(REAL(1) + e_right));
                REAL balance = left_before - right[(j + 1)*all_threads];
                REAL e_middle = exp(-fabs(balance));
                REAL s_front = balance + delta[(j + 1)*all_threads];
                e_front[j*all_threads] = exp(-fabs(s_front));
                REAL s_back = balance - delta[(j + 1)*all_threads];
                e_back[j*all_threads] = exp(-fabs(s_back));
                REAL log_front = log1p(e_front[j*all_threads]);
                REAL log_back = log1p(e_back[j*all_threads]);
                REAL share_left = (balance >= REAL(0) ? REAL(1)/(REAL(1) + e_middle) : e_middle/(REAL(1) + e_middle));
                REAL share_right = (balance <= REAL(0) ? REAL(1)/(REAL(1) + e_middle) : e_middle/(REAL(1) + e_middle));
                REAL beta = share_left*share_right;
                REAL omega_squared = REAL(4)*(delta[(j + 1)*all_threads]*delta[(j + 1)*all_threads]);
                REAL bump = REAL(2)*beta*delta[(j + 1)*all_threads]*omega_squared;
                REAL tilt = bump*(share_right - share_left)*(REAL(1)/REAL(24) + omega_squared*(REAL(1)/REAL(1920) + omega_squared*(REAL(1)/REAL(322560) + beta*((REAL(1)/REAL(896))*beta + REAL(-1)/REAL(5376)) + omega_squared*(REAL(1)/REAL(92897280) + beta*(beta*(REAL(1)/REAL(18432) - REAL(1)/REAL(4608)*beta) + REAL(-1)/REAL(368640)) + omega_squared*(REAL(1)/REAL(40874803200.0) + beta*(beta*(REAL(7)/REAL(5406720) + beta*((REAL(1)/REAL(22528))*beta + REAL(-1)/REAL(67584))) + REAL(-17)/REAL(681246720)) + omega_squared*(REAL(1)/REAL(25505877196800.0) + beta*(beta*(REAL(1)/REAL(50319360) + beta*(beta*(REAL(5)/REAL(1277952) - REAL(1)/REAL(106496)*beta) + REAL(-19)/REAL(38338560))) + REAL(-31)/REAL(193226342400.0)))))) - REAL(1)/REAL(160)*beta));
                REAL span_left = (s_back >= REAL(0) ? REAL(2)*delta[(j + 1)*all_threads] : s_front <= REAL(0) ? REAL(0) : s_front);
                REAL span_right = (s_back >= REAL(0) ? REAL(0) : s_front <= REAL(0) ? REAL(2)*delta[(j + 1)*all_threads] : -s_back);
                integral_left[(j + 1)*all_threads] = (delta[(j + 1)*all_threads] < REAL(1)/REAL(4) ? tilt + REAL(2)*delta[(j + 1)*all_threads]*share_left : log_front + span_left - log_back);
                integral_right[j*all_threads] = (delta[(j + 1)*all_threads] < REAL(1)/REAL(4) ? REAL(2)*delta[(j + 1)*all_threads]*share_right - tilt : log_back + span_right - log_front);
                REAL direction = v[row*J + j] - raw_direction;
                REAL share_behind = inverse_total_weight_behind*weight_behind[j*all_threads];
                left_mean_start_part += direction*share_behind;
                REAL share_past = inverse_total_weight_past*weight_past[j*all_threads];
                right_mean_start_part += direction*share_past;
            }
            accumulate(left_mean_start, left_mean_start_rest, left_mean_start_part);
            accumulate(right_mean_start, right_mean_start_rest, right_mean_start_part);
        }
        REAL integral_left_at_start = integral_left[1*all_threads];
        REAL kept_left_at_start = kept_left[1*all_threads];
        REAL kept_right_at_end = kept_right[J*all_threads];
        after[0*all_threads] = REAL(0);
        after[(J + 1)*all_threads] = REAL(0);
        mean_right[0*all_threads] = right_mean_start;
        mean_right[(J + 1)*all_threads] = right_mean_start;
        ROLLED for (long long j = J - 1; j >= 0; --j) {
            REAL integral_left_after = integral_left[(j + 2)*all_threads];
            REAL kept_left_after = kept_left[(j + 2)*all_threads];
            after[(j + 1)*all_threads] = integral_left_after + after[(j + 2)*all_threads]*kept_left_after;
            REAL direction = v[row*J + j] - raw_direction;
            mean_right[(j + 1)*all_threads] = direction*in_right[j*all_threads] + kept_right[(j + 1)*all_threads]*mean_right[(j + 2)*all_threads];
        }
        REAL after_at_start = after[1*all_threads];
        REAL start_after = integral_left_at_start + after_at_start*kept_left_at_start;
        ahead_of[0*all_threads] = REAL(0);
        ahead_of[(J + 1)*all_threads] = REAL(0);
        mean_left[0*all_threads] = left_mean_start;
        mean_left[(J + 1)*all_threads] = left_mean_start;
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL kept_right_before = kept_right[j*all_threads];
            ahead_of[(j + 1)*all_threads] = integral_right[j*all_threads] + ahead_of[j*all_threads]*kept_right_before;
            REAL direction = v[row*J + j] - raw_direction;
            mean_left[(j + 1)*all_threads] = direction*in_left[j*all_threads] + kept_left[(j + 1)*all_threads]*mean_left[j*all_threads];
        }
        REAL ahead_of_at_end = ahead_of[J*all_threads];
        REAL end_ahead = ahead_of_at_end*kept_right_at_end;
        pull_left[0*all_threads] = REAL(0);
        pull_left[(J + 1)*all_threads] = REAL(0);
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL left_before = left[j*all_threads];
            REAL balance = left_before - right[(j + 1)*all_threads];
            REAL s_back = balance - delta[(j + 1)*all_threads];
            REAL s_front = balance + delta[(j + 1)*all_threads];
            overlap[j*all_threads] = -(s_back <= REAL(0) ? REAL(1)/(REAL(1) + e_back[j*all_threads]) : e_back[j*all_threads]/(REAL(1) + e_back[j*all_threads]))*(s_front >= REAL(0) ? REAL(1)/(REAL(1) + e_front[j*all_threads]) : e_front[j*all_threads]/(REAL(1) + e_front[j*all_threads]))*expm1(-REAL(2)*delta[(j + 1)*all_threads]);
            REAL mean_left_before = mean_left[j*all_threads];
            pull_left[(j + 1)*all_threads] = integral_left[(j + 1)*all_threads]*mean_left_before + overlap[j*all_threads]*(mean_right[(j + 1)*all_threads] - mean_left_before);
        }
        REAL pull_left_at_start = pull_left[1*all_threads];
        passed_left[0*all_threads] = REAL(0);
        passed_left[(J + 1)*all_threads] = REAL(0);
        ROLLED for (long long j = J - 1; j >= 0; --j) {
            REAL kept_left_after = kept_left[(j + 2)*all_threads];
            REAL pull_left_after = pull_left[(j + 2)*all_threads];
            passed_left[(j + 1)*all_threads] = pull_left_after + kept_left_after*passed_left[(j + 2)*all_threads];
        }
        REAL passed_left_at_start = passed_left[1*all_threads];
        REAL passed_start = pull_left_at_start + kept_left_at_start*passed_left_at_start;
        passed_right[0*all_threads] = REAL(0);
        passed_right[(J + 1)*all_threads] = REAL(0);
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL kept_right_before = kept_right[j*all_threads];
            REAL mean_left_before = mean_left[j*all_threads];
            REAL pull_right = integral_right[j*all_threads]*mean_right[(j + 1)*all_threads] + overlap[j*all_threads]*(mean_left_before - mean_right[(j + 1)*all_threads]);
            passed_right[(j + 1)*all_threads] = pull_right + kept_right_before*passed_right[j*all_threads];
        }
        REAL passed_right_at_end = passed_right[J*all_threads];
        REAL passed_end = kept_right_at_end*passed_right_at_end;
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL share_behind = inverse_total_weight_behind*weight_behind[j*all_threads];
            REAL R_left = unit*(after[(j + 1)*all_threads]*in_left[j*all_threads] + share_behind*start_after);
            REAL share_past = inverse_total_weight_past*weight_past[j*all_threads];
            REAL R_right = unit*(ahead_of[(j + 1)*all_threads]*in_right[j*all_threads] + end_ahead*share_past);
            REAL direction = v[row*J + j] - raw_direction;
            REAL prior = inverse_total_weight*weight[j*all_threads];
            product[row*J + j] = direction*(prior - R_left - R_right) + unit*(in_left[j*all_threads]*passed_left[(j + 1)*all_threads] + in_right[j*all_threads]*passed_right[(j + 1)*all_threads]) + unit*(passed_end*share_past + passed_start*share_behind);
        }
    }
}


// Logarithm of the mean responsibilities of the points for a uniform target on [a, b], Laplace kernel, by exact integrals.
//     p(x) = \sum_j S_j\, e^{-|x-x_j|/h}, \qquad S = \operatorname{softmax}(z)
//     \log\bar R_j = \log\frac{1}{b-a} \int_a^b \frac{\partial \log p(x)}{\partial \log S_j}\,dx
// One thread per row (and stride over rows).
// `scratch`: 16*J + 20 numbers a thread, those of all threads side by side.
extern "C" __global__ void laplace_em(
    const REAL *__restrict__ z, const REAL *__restrict__ points, const REAL *__restrict__ a, const REAL *__restrict__ b, const REAL *__restrict__ h, long long R, long long J, REAL *__restrict__ log_R, REAL *__restrict__ scratch)
{
    const long long thread = (long long)blockIdx.x*blockDim.x + threadIdx.x;
    const long long all_threads = R < (long long)gridDim.x*blockDim.x ? R : (long long)gridDim.x*blockDim.x;
    scratch += thread;
    REAL *place = scratch; scratch += (J + 2)*all_threads;
    REAL *distance = scratch; scratch += (J)*all_threads;
    REAL *delta = scratch; scratch += (J + 2)*all_threads;
    REAL *left = scratch; scratch += (J + 2)*all_threads;
    REAL *right = scratch; scratch += (J + 2)*all_threads;
    REAL *new_left = scratch; scratch += (J)*all_threads;
    REAL *e_left = scratch; scratch += (J)*all_threads;
    REAL *new_right = scratch; scratch += (J)*all_threads;
    REAL *e_right = scratch; scratch += (J)*all_threads;
    REAL *integral_left = scratch; scratch += (J + 2)*all_threads;
    REAL *fade_left = scratch; scratch += (J + 2)*all_threads;
    REAL *fade_right = scratch; scratch += (J + 2)*all_threads;
    REAL *log_integral_left = scratch; scratch += (J + 2)*all_threads;
    REAL *log_integral_right = scratch; scratch += (J)*all_threads;
    REAL *log_after = scratch; scratch += (J + 2)*all_threads;
    REAL *log_ahead = scratch; scratch += (J + 2)*all_threads;
    for (long long row = thread; row < R; row += all_threads) {
        REAL width = b[row] - a[row];
        REAL inverse_h = REAL(1)/h[row];
        REAL unit = (REAL(1)/REAL(2))*h[row]/width;
        REAL top_z = LOWEST;
        place[0*all_threads] = a[row];
        place[(J + 1)*all_threads] = a[row];
        ROLLED for (long long j = 0; j < J; j += 1) {
            top_z = maximum(top_z, z[row*J + j]);
            place[(j + 1)*all_threads] = (a[row] > points[row*J + j] ? a[row] : b[row] < points[row*J + j] ? b[row] : points[row*J + j]);
        }
        REAL top_level = LOWEST;
        delta[0*all_threads] = REAL(0);
        delta[(J + 1)*all_threads] = REAL(0);
        ROLLED for (long long j = 0; j < J; j += 1) {
            distance[j*all_threads] = maximum(maximum(REAL(0), a[row] - points[row*J + j]), points[row*J + j] - b[row]);
            REAL centred = z[row*J + j] - top_z;
            REAL level = centred - distance[j*all_threads]*inverse_h;
            top_level = maximum(top_level, level);
            REAL place_before = place[j*all_threads];
            REAL gap = place[(j + 1)*all_threads] - place_before;
            delta[(j + 1)*all_threads] = gap*inverse_h;
        }
        REAL common_distance = LOWEST;
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL centred = z[row*J + j] - top_z;
            REAL level = centred - distance[j*all_threads]*inverse_h;
            common_distance = maximum(common_distance, (level >= top_level ? distance[j*all_threads] : REAL(0)));
        }
        REAL summit = LOWEST;
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL centred = z[row*J + j] - top_z;
            REAL near = centred - inverse_h*(distance[j*all_threads] - common_distance);
            summit = maximum(summit, near);
        }
        left[0*all_threads] = -INFINITE;
        left[(J + 1)*all_threads] = -INFINITE;
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL centred = z[row*J + j] - top_z;
            REAL near = centred - inverse_h*(distance[j*all_threads] - common_distance);
            REAL logit = near - summit;
            left[(j + 1)*all_threads] = log_add_exp(logit, left[j*all_threads] - delta[(j + 1)*all_threads]);
        }
        right[0*all_threads] = -INFINITE;
        right[(J + 1)*all_threads] = -INFINITE;
        ROLLED for (long long j = J - 1; j >= 0; --j) {
            REAL delta_after = delta[(j + 2)*all_threads];
            REAL centred = z[row*J + j] - top_z;
            REAL near = centred - inverse_h*(distance[j*all_threads] - common_distance);
            REAL logit = near - summit;
            right[(j + 1)*all_threads] = log_add_exp(logit, right[(j + 2)*all_threads] - delta_after);
        }
        integral_left[0*all_threads] = REAL(0);
        integral_left[(J + 1)*all_threads] = REAL(0);
        fade_left[0*all_threads] = REAL(0);
        fade_left[(J + 1)*all_threads] = REAL(0);
        fade_right[0*all_threads] = REAL(0);
        fade_right[(J + 1)*all_threads] = REAL(0);
        log_integral_left[0*all_threads] = -INFINITE;
        log_integral_left[(J + 1)*all_threads] = -INFINITE;
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL left_before = left[j*all_threads];
            REAL centred = z[row*J + j] - top_z;
            REAL near = centred - inverse_h*(distance[j*all_threads] - common_distance);
            REAL logit = near - summit;
            new_left[j*all_threads] = (logit == -INFINITE ? -INFINITE : delta[(j + 1)*all_threads] + logit - left_before);
            e_left[j*all_threads] = exp(-fabs(new_left[j*all_threads]));
            REAL delta_after = delta[(j + 2)*all_threads];
            REAL right_after = right[(j + 2)*all_threads];
            new_right[j*all_threads] = (logit == -INFINITE ? -INFINITE : delta_after + logit - right_after);
            e_right[j*all_threads] = exp(-fabs(new_right[j*all_threads]));
            REAL balance = left_before - right[(j + 1)*all_threads];
            REAL e_middle = exp(-fabs(balance));
            REAL s_front = balance + delta[(j + 1)*all_threads];
            REAL e_front = exp(-fabs(s_front));
            REAL s_back = balance - delta[(j + 1)*all_threads];
            REAL e_back = exp(-fabs(s_back));
            REAL log_front = log1p(e_front);
            REAL log_back = log1p(e_back);
            REAL share_left = (balance >= REAL(0) ? REAL(1)/(REAL(1) + e_middle) : e_middle/(REAL(1) + e_middle));
            REAL share_right = (balance <= REAL(0) ? REAL(1)/(REAL(1) + e_middle) : e_middle/(REAL(1) + e_middle));
            REAL beta = share_left*share_right;
            REAL omega_squared = REAL(4)*(delta[(j + 1)*all_threads]*delta[(j + 1)*all_threads]);
            REAL bump = REAL(2)*beta*delta[(j + 1)*all_threads]*omega_squared;
            REAL tilt = bump*(share_right - share_left)*(REAL(1)/REAL(24) + omega_squared*(REAL(1)/REAL(1920) + omega_squared*(REAL(1)/REAL(322560) + beta*((REAL(1)/REAL(896))*beta + REAL(-1)/REAL(5376)) + omega_squared*(REAL(1)/REAL(92897280) + beta*(beta*(REAL(1)/REAL(18432) - REAL(1)/REAL(4608)*beta) + REAL(-1)/REAL(368640)) + omega_squared*(REAL(1)/REAL(40874803200.0) + beta*(beta*(REAL(7)/REAL(5406720) + beta*((REAL(1)/REAL(22528))*beta + REAL(-1)/REAL(67584))) + REAL(-17)/REAL(681246720)) + omega_squared*(REAL(1)/REAL(25505877196800.0) + beta*(beta*(REAL(1)/REAL(50319360) + beta*(beta*(REAL(5)/REAL(1277952) - REAL(1)/REAL(106496)*beta) + REAL(-19)/REAL(38338560))) + REAL(-31)/REAL(193226342400.0)))))) - REAL(1)/REAL(160)*beta));
            REAL span_left = (s_back >= REAL(0) ? REAL(2)*delta[(j + 1)*all_threads] : s_front <= REAL(0) ? REAL(0) : s_front);
            REAL span_right = (s_back >= REAL(0) ? REAL(0) : s_front <= REAL(0) ? REAL(2)*delta[(j + 1)*all_threads] : -s_back);
            integral_left[(j + 1)*all_threads] = (delta[(j + 1)*all_threads] < REAL(1)/REAL(4) ? tilt + REAL(2)*delta[(j + 1)*all_threads]*share_left : log_front + span_left - log_back);
            REAL integral_right = (delta[(j + 1)*all_threads] < REAL(1)/REAL(4) ? REAL(2)*delta[(j + 1)*all_threads]*share_right - tilt : log_back + span_right - log_front);
            fade_left[(j + 1)*all_threads] = maximum(REAL(0), new_left[j*all_threads]) + log1p(e_left[j*all_threads]);
            fade_right[(j + 1)*all_threads] = maximum(REAL(0), new_right[j*all_threads]) + log1p(e_right[j*all_threads]);
            log_integral_left[(j + 1)*all_threads] = (s_front < REAL(-40) ? s_front + log(-unit*expm1(-REAL(2)*delta[(j + 1)*all_threads])) : log(integral_left[(j + 1)*all_threads]*unit));
            log_integral_right[j*all_threads] = (s_back > REAL(40) ? log(-unit*expm1(-REAL(2)*delta[(j + 1)*all_threads])) - s_back : log(integral_right*unit));
        }
        log_after[0*all_threads] = -INFINITE;
        log_after[(J + 1)*all_threads] = -INFINITE;
        ROLLED for (long long j = J - 1; j >= 0; --j) {
            REAL fade_left_after = fade_left[(j + 2)*all_threads];
            REAL log_integral_left_after = log_integral_left[(j + 2)*all_threads];
            log_after[(j + 1)*all_threads] = log_add_exp(log_integral_left_after, log_after[(j + 2)*all_threads] - fade_left_after);
        }
        log_ahead[0*all_threads] = -INFINITE;
        log_ahead[(J + 1)*all_threads] = -INFINITE;
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL fade_right_before = fade_right[j*all_threads];
            log_ahead[(j + 1)*all_threads] = log_add_exp(log_integral_right[j*all_threads], log_ahead[j*all_threads] - fade_right_before);
        }
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL log_R_left = log_after[(j + 1)*all_threads] - maximum(REAL(0), -new_left[j*all_threads]) - log1p(e_left[j*all_threads]);
            REAL log_R_right = log_ahead[(j + 1)*all_threads] - maximum(REAL(0), -new_right[j*all_threads]) - log1p(e_right[j*all_threads]);
            log_R[row*J + j] = log_add_exp(log_R_left, log_R_right);
        }
    }
}


// Logarithm of the mean responsibilities of the points for a uniform target on [a, b], wrapped Laplace kernel, by exact integrals.
//     p(x) = \sum_j S_j \sum_{n\in\mathbb{Z}}\, e^{-|x-x_j+nP|/h}, \qquad S = \operatorname{softmax}(z)
//     \log\bar R_j = \log\frac{1}{b-a} \int_a^b \frac{\partial \log p(x)}{\partial \log S_j}\,dx
// One thread per row (and stride over rows).
// `scratch`: 19*J + 20 numbers a thread, those of all threads side by side.
extern "C" __global__ void laplace_em_on_circle(
    const REAL *__restrict__ z, const REAL *__restrict__ points, const REAL *__restrict__ a, const REAL *__restrict__ b, const REAL *__restrict__ h, const REAL *__restrict__ period, long long R, long long J, REAL *__restrict__ log_R, REAL *__restrict__ scratch)
{
    const long long thread = (long long)blockIdx.x*blockDim.x + threadIdx.x;
    const long long all_threads = R < (long long)gridDim.x*blockDim.x ? R : (long long)gridDim.x*blockDim.x;
    scratch += thread;
    REAL *place = scratch; scratch += (J + 2)*all_threads;
    REAL *distance = scratch; scratch += (J)*all_threads;
    REAL *delta = scratch; scratch += (J + 2)*all_threads;
    REAL *way_left = scratch; scratch += (J)*all_threads;
    REAL *way_right = scratch; scratch += (J)*all_threads;
    REAL *logit = scratch; scratch += (J)*all_threads;
    REAL *left = scratch; scratch += (J + 2)*all_threads;
    REAL *right = scratch; scratch += (J + 2)*all_threads;
    REAL *new_left = scratch; scratch += (J)*all_threads;
    REAL *e_left = scratch; scratch += (J)*all_threads;
    REAL *new_right = scratch; scratch += (J)*all_threads;
    REAL *e_right = scratch; scratch += (J)*all_threads;
    REAL *integral_left = scratch; scratch += (J + 2)*all_threads;
    REAL *fade_left = scratch; scratch += (J + 2)*all_threads;
    REAL *fade_right = scratch; scratch += (J + 2)*all_threads;
    REAL *log_integral_left = scratch; scratch += (J + 2)*all_threads;
    REAL *log_integral_right = scratch; scratch += (J)*all_threads;
    REAL *log_after = scratch; scratch += (J + 2)*all_threads;
    REAL *log_ahead = scratch; scratch += (J + 2)*all_threads;
    for (long long row = thread; row < R; row += all_threads) {
        REAL width = b[row] - a[row];
        REAL inverse_h = REAL(1)/h[row];
        REAL turn = period[row]/h[row];
        REAL unit = (REAL(1)/REAL(2))*h[row]/width;
        REAL top_z = LOWEST;
        place[0*all_threads] = a[row];
        place[(J + 1)*all_threads] = a[row];
        ROLLED for (long long j = 0; j < J; j += 1) {
            top_z = maximum(top_z, z[row*J + j]);
            place[(j + 1)*all_threads] = (a[row] > points[row*J + j] ? a[row] : b[row] < points[row*J + j] ? b[row] : points[row*J + j]);
        }
        REAL top_level = LOWEST;
        delta[0*all_threads] = REAL(0);
        delta[(J + 1)*all_threads] = REAL(0);
        ROLLED for (long long j = 0; j < J; j += 1) {
            distance[j*all_threads] = maximum(maximum(REAL(0), a[row] - points[row*J + j]), points[row*J + j] - b[row]);
            REAL centred = z[row*J + j] - top_z;
            REAL level = centred - distance[j*all_threads]*inverse_h;
            top_level = maximum(top_level, level);
            REAL place_before = place[j*all_threads];
            REAL gap = place[(j + 1)*all_threads] - place_before;
            delta[(j + 1)*all_threads] = gap*inverse_h;
        }
        REAL common_distance = LOWEST;
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL centred = z[row*J + j] - top_z;
            REAL level = centred - distance[j*all_threads]*inverse_h;
            common_distance = maximum(common_distance, (level >= top_level ? distance[j*all_threads] : REAL(0)));
        }
        REAL summit = LOWEST;
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL centred = z[row*J + j] - top_z;
            REAL near = centred - inverse_h*(distance[j*all_threads] - common_distance);
            summit = maximum(summit, near);
        }
        REAL top_weight_behind = LOWEST;
        REAL top_weight_past = LOWEST;
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL left_of_start = a[row] - points[row*J + j];
            way_left[j*all_threads] = (a[row] > points[row*J + j] ? left_of_start : left_of_start + period[row]);
            REAL right_of_end = points[row*J + j] - b[row];
            way_right[j*all_threads] = (b[row] < points[row*J + j] ? right_of_end : period[row] + right_of_end);
            REAL centred = z[row*J + j] - top_z;
            REAL near = centred - inverse_h*(distance[j*all_threads] - common_distance);
            logit[j*all_threads] = (a[row] > points[row*J + j] || b[row] < points[row*J + j] ? -INFINITE : near - summit);
            REAL image_left = centred - summit - inverse_h*(way_left[j*all_threads] - common_distance);
            top_weight_behind = maximum(top_weight_behind, image_left);
            REAL image_right = centred - summit - inverse_h*(way_right[j*all_threads] - common_distance);
            top_weight_past = maximum(top_weight_past, image_right);
        }
        REAL total_weight_behind = REAL(0);
        REAL total_weight_past = REAL(0);
        REAL total_weight_behind_rest = REAL(0);
        REAL total_weight_past_rest = REAL(0);
        for (long long j_0 = 0; j_0 < J; j_0 += 128) {
            REAL total_weight_behind_part = REAL(0);
            REAL total_weight_past_part = REAL(0);
            ROLLED for (long long j = j_0; j < J && j < j_0 + 128; j += 1) {
                REAL centred = z[row*J + j] - top_z;
                REAL image_left = centred - summit - inverse_h*(way_left[j*all_threads] - common_distance);
                REAL weight_behind = exp(image_left - top_weight_behind);
                total_weight_behind_part += weight_behind;
                REAL image_right = centred - summit - inverse_h*(way_right[j*all_threads] - common_distance);
                REAL weight_past = exp(image_right - top_weight_past);
                total_weight_past_part += weight_past;
            }
            accumulate(total_weight_behind, total_weight_behind_rest, total_weight_behind_part);
            accumulate(total_weight_past, total_weight_past_rest, total_weight_past_part);
        }
        REAL left_start = top_weight_behind + log(total_weight_behind) - log(-expm1(-turn));
        REAL right_start = top_weight_past + log(total_weight_past) - log(-expm1(-turn));
        REAL log_total_weight_behind = log(total_weight_behind);
        REAL log_total_weight_past = log(total_weight_past);
        left[0*all_threads] = left_start;
        left[(J + 1)*all_threads] = left_start;
        ROLLED for (long long j = 0; j < J; j += 1) {
            left[(j + 1)*all_threads] = log_add_exp(logit[j*all_threads], left[j*all_threads] - delta[(j + 1)*all_threads]);
        }
        right[0*all_threads] = right_start;
        right[(J + 1)*all_threads] = right_start;
        ROLLED for (long long j = J - 1; j >= 0; --j) {
            REAL delta_after = delta[(j + 2)*all_threads];
            right[(j + 1)*all_threads] = log_add_exp(logit[j*all_threads], right[(j + 2)*all_threads] - delta_after);
        }
        integral_left[0*all_threads] = REAL(0);
        integral_left[(J + 1)*all_threads] = REAL(0);
        fade_left[0*all_threads] = REAL(0);
        fade_left[(J + 1)*all_threads] = REAL(0);
        fade_right[0*all_threads] = REAL(0);
        fade_right[(J + 1)*all_threads] = REAL(0);
        log_integral_left[0*all_threads] = -INFINITE;
        log_integral_left[(J + 1)*all_threads] = -INFINITE;
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL left_before = left[j*all_threads];
            new_left[j*all_threads] = (logit[j*all_threads] == -INFINITE ? -INFINITE : delta[(j + 1)*all_threads] + logit[j*all_threads] - left_before);
            e_left[j*all_threads] = exp(-fabs(new_left[j*all_threads]));
            REAL delta_after = delta[(j + 2)*all_threads];
            REAL right_after = right[(j + 2)*all_threads];
            new_right[j*all_threads] = (logit[j*all_threads] == -INFINITE ? -INFINITE : delta_after + logit[j*all_threads] - right_after);
            e_right[j*all_threads] = exp(-fabs(new_right[j*all_threads]));
            REAL balance = left_before - right[(j + 1)*all_threads];
            REAL e_middle = exp(-fabs(balance));
            REAL s_front = balance + delta[(j + 1)*all_threads];
            REAL e_front = exp(-fabs(s_front));
            REAL s_back = balance - delta[(j + 1)*all_threads];
            REAL e_back = exp(-fabs(s_back));
            REAL log_front = log1p(e_front);
            REAL log_back = log1p(e_back);
            REAL share_left = (balance >= REAL(0) ? REAL(1)/(REAL(1) + e_middle) : e_middle/(REAL(1) + e_middle));
            REAL share_right = (balance <= REAL(0) ? REAL(1)/(REAL(1) + e_middle) : e_middle/(REAL(1) + e_middle));
            REAL beta = share_left*share_right;
            REAL omega_squared = REAL(4)*(delta[(j + 1)*all_threads]*delta[(j + 1)*all_threads]);
            REAL bump = REAL(2)*beta*delta[(j + 1)*all_threads]*omega_squared;
            REAL tilt = bump*(share_right - share_left)*(REAL(1)/REAL(24) + omega_squared*(REAL(1)/REAL(1920) + omega_squared*(REAL(1)/REAL(322560) + beta*((REAL(1)/REAL(896))*beta + REAL(-1)/REAL(5376)) + omega_squared*(REAL(1)/REAL(92897280) + beta*(beta*(REAL(1)/REAL(18432) - REAL(1)/REAL(4608)*beta) + REAL(-1)/REAL(368640)) + omega_squared*(REAL(1)/REAL(40874803200.0) + beta*(beta*(REAL(7)/REAL(5406720) + beta*((REAL(1)/REAL(22528))*beta + REAL(-1)/REAL(67584))) + REAL(-17)/REAL(681246720)) + omega_squared*(REAL(1)/REAL(25505877196800.0) + beta*(beta*(REAL(1)/REAL(50319360) + beta*(beta*(REAL(5)/REAL(1277952) - REAL(1)/REAL(106496)*beta) + REAL(-19)/REAL(38338560))) + REAL(-31)/REAL(193226342400.0)))))) - REAL(1)/REAL(160)*beta));
            REAL span_left = (s_back >= REAL(0) ? REAL(2)*delta[(j + 1)*all_threads] : s_front <= REAL(0) ? REAL(0) : s_front);
            REAL span_right = (s_back >= REAL(0) ? REAL(0) : s_front <= REAL(0) ? REAL(2)*delta[(j + 1)*all_threads] : -s_back);
            integral_left[(j + 1)*all_threads] = (delta[(j + 1)*all_threads] < REAL(1)/REAL(4) ? tilt + REAL(2)*delta[(j + 1)*all_threads]*share_left : log_front + span_left - log_back);
            REAL integral_right = (delta[(j + 1)*all_threads] < REAL(1)/REAL(4) ? REAL(2)*delta[(j + 1)*all_threads]*share_right - tilt : log_back + span_right - log_front);
            fade_left[(j + 1)*all_threads] = maximum(REAL(0), new_left[j*all_threads]) + log1p(e_left[j*all_threads]);
            fade_right[(j + 1)*all_threads] = maximum(REAL(0), new_right[j*all_threads]) + log1p(e_right[j*all_threads]);
            log_integral_left[(j + 1)*all_threads] = (s_front < REAL(-40) ? s_front + log(-unit*expm1(-REAL(2)*delta[(j + 1)*all_threads])) : log(integral_left[(j + 1)*all_threads]*unit));
            log_integral_right[j*all_threads] = (s_back > REAL(40) ? log(-unit*expm1(-REAL(2)*delta[(j + 1)*all_threads])) - s_back : log(integral_right*unit));
        }
        REAL fade_left_at_start = fade_left[1*all_threads];
        REAL log_integral_left_at_start = log_integral_left[1*all_threads];
        REAL fade_right_at_end = fade_right[J*all_threads];
        log_after[0*all_threads] = -INFINITE;
        log_after[(J + 1)*all_threads] = -INFINITE;
        ROLLED for (long long j = J - 1; j >= 0; --j) {
            REAL fade_left_after = fade_left[(j + 2)*all_threads];
            REAL log_integral_left_after = log_integral_left[(j + 2)*all_threads];
            log_after[(j + 1)*all_threads] = log_add_exp(log_integral_left_after, log_after[(j + 2)*all_threads] - fade_left_after);
        }
        REAL log_after_at_start = log_after[1*all_threads];
        REAL log_start_after = log_add_exp(log_integral_left_at_start, log_after_at_start - fade_left_at_start);
        log_ahead[0*all_threads] = -INFINITE;
        log_ahead[(J + 1)*all_threads] = -INFINITE;
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL fade_right_before = fade_right[j*all_threads];
            log_ahead[(j + 1)*all_threads] = log_add_exp(log_integral_right[j*all_threads], log_ahead[j*all_threads] - fade_right_before);
        }
        REAL log_ahead_at_end = log_ahead[J*all_threads];
        REAL log_end_ahead = log_ahead_at_end - fade_right_at_end;
        ROLLED for (long long j = 0; j < J; j += 1) {
            REAL log_R_left = log_after[(j + 1)*all_threads] - maximum(REAL(0), -new_left[j*all_threads]) - log1p(e_left[j*all_threads]);
            REAL log_R_right = log_ahead[(j + 1)*all_threads] - maximum(REAL(0), -new_right[j*all_threads]) - log1p(e_right[j*all_threads]);
            REAL centred = z[row*J + j] - top_z;
            REAL image_left = centred - summit - inverse_h*(way_left[j*all_threads] - common_distance);
            REAL image_right = centred - summit - inverse_h*(way_right[j*all_threads] - common_distance);
            log_R[row*J + j] = log_add_exp(log_add_exp(log_R_left, log_R_right), log_add_exp(image_left + log_start_after - log_total_weight_behind - top_weight_behind, image_right + log_end_ahead - log_total_weight_past - top_weight_past));
        }
    }
}
