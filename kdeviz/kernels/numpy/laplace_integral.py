# Generated from derivations/laplace_integral.py. Do not edit: change the derivation and run `make generate`.
import math

import numpy as np


def _blocks(size, *widths, most=128, numbers=2**16):
    """Slices of `size` places: blocks so small that temporaries stay in cache and sums short enough to lose no digits."""
    at_once = max(1, min(size, most, numbers // max(1, math.prod(widths))))
    return [slice(start, min(start + at_once, size)) for start in range(0, max(1, size), at_once)]


def _max(x, axis):
    """The maximum, never below the lowest finite number: so that a row of -inf minus its maximum is -inf, not NaN."""
    return np.max(x, axis, initial=np.finfo(x.dtype).min)


def _neighbours(x, edge, step):
    """x[:, j + step]; `edge` beyond the end."""
    near = np.empty_like(x)
    if step < 0:
        near[:, 0], near[:, 1:] = edge, x[:, :-1]
    else:
        near[:, -1], near[:, :-1] = edge, x[:, 1:]
    return near


def _log_scan(decay, new, edge, direction):
    """out[:, j] = log(exp(out[:, j - 1] - decay[:, j]) + exp(new[:, j])), from the last place on where direction is -1."""
    return _scan(lambda old, decay, new: np.logaddexp(old - decay, new), np.add, -np.inf, decay, new, edge, direction)


def _linear_scan(kept, new, edge, direction):
    """out[:, j] = new[:, j] + kept[:, j] out[:, j - 1], from the last place on where direction is -1."""
    return _scan(lambda old, kept, new: new + kept * old, np.multiply, 0, kept, new, edge, direction)


def _scan(follow, compose, nothing, factor, new, edge, direction):
    """out[:, j] = follow(out[:, j - 1], factor[:, j], new[:, j]), with `edge` before the first."""
    factor, new = np.broadcast_arrays(factor, new)
    edge = np.broadcast_to(np.asarray(edge, new.dtype), new.shape[:1])
    return _scan_part(follow, compose, nothing, factor[:, ::direction], new[:, ::direction], edge)[:, ::direction]


def _scan_part(follow, compose, nothing, factor, new, old, length=64):
    """A long row is cut into parts: each starts with nothing, and what comes from before them, a scan of a 64th of the length, joins later."""
    rows, J = new.shape
    out = np.empty_like(new)
    whole = J // length * length if J > 2 * length else 0
    if whole:
        parted, in_parts = (rows, whole // length), lambda a: a[:, :whole].reshape(-1, length)
        start = np.full(rows * whole // length, nothing, new.dtype)
        own = _scan_part(follow, compose, nothing, in_parts(factor), in_parts(new), start)
        reach = compose.accumulate(in_parts(factor), 1)
        ends = _scan_part(follow, compose, nothing, reach[:, -1].reshape(parted), own[:, -1].reshape(parted), old)
        before = np.concatenate([old[:, None], ends[:, :-1]], 1).reshape(-1, 1)
        out[:, :whole] = follow(before, reach, own).reshape(rows, whole)
        old = ends[:, -1]
    for j in range(whole, J):
        old = out[:, j] = follow(old, factor[:, j], new[:, j])
    return out


def laplace(z, points, a, b, h):
    r"""Cross-entropy of a uniform target on [a, b] against a kernel density estimate, Laplace kernel, by exact integrals.

    .. math::

        p(x) = \sum_j S_j\, e^{-|x-x_j|/h}, \qquad S = \operatorname{softmax}(z)

        L = -\frac{1}{b-a} \int_a^b \log p(x)\,dx

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, ascending, in the unit of x; the last one at b or beyond.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, above a, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)

    Notes
    -----
    Source: derivations/laplace_integral.py.
    """
    R = z.shape[0]
    J = z.shape[1]
    loss = np.empty((R,), z.dtype)
    grad_z = np.empty((R, J), z.dtype)
    grad_points = np.empty((R, J), z.dtype)
    grad_h = np.empty((R,), z.dtype)
    grad_a = np.empty((R,), z.dtype)
    grad_b = np.empty((R,), z.dtype)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, J, most=R, numbers=2**14):
            block = _laplace(z[rows], points[rows], a[rows], b[rows], h[rows])
            loss[rows], grad_z[rows], grad_points[rows], grad_h[rows], grad_a[rows], grad_b[rows] = block
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b


def _laplace(z, points, a, b, h):
    top_z = _max(z, 1)
    centred = z - top_z[:, None]
    width = b - a
    place = np.where((a[:, None] > points), a[:, None], np.where((b[:, None] < points), b[:, None], points))
    distance = np.maximum(np.maximum(a[:, None] - points, points - b[:, None]), 0)
    inverse_h = 1/h
    level = centred - distance*inverse_h[:, None]
    top_level = _max(level, 1)
    common_distance = _max(np.where((level >= top_level[:, None]), distance, 0), 1)
    near = centred - inverse_h[:, None]*(distance - common_distance[:, None])
    summit = _max(near, 1)
    logit = near - summit[:, None]
    place_before = _neighbours(place, a, -1)
    gap = place - place_before
    delta = gap*inverse_h[:, None]
    left = _log_scan(delta, logit, -np.inf, 1)
    delta_after = _neighbours(delta, 0, 1)
    right = _log_scan(delta_after, logit, -np.inf, -1)
    left_before = _neighbours(left, -np.inf, -1)
    new_left = np.where((logit == -np.inf), -np.inf, delta + logit - left_before)
    e_left = -abs(new_left)
    np.exp(e_left, out=e_left)
    inverse_one_plus_e_left = 1/(1 + e_left)
    in_left = np.where((new_left >= 0), inverse_one_plus_e_left, e_left*inverse_one_plus_e_left)
    kept_left = np.where((new_left >= 0), e_left*inverse_one_plus_e_left, inverse_one_plus_e_left)
    right_after = _neighbours(right, -np.inf, 1)
    new_right = np.where((logit == -np.inf), -np.inf, delta_after + logit - right_after)
    e_right = -abs(new_right)
    np.exp(e_right, out=e_right)
    inverse_one_plus_e_right = 1/(1 + e_right)
    in_right = np.where((new_right >= 0), inverse_one_plus_e_right, e_right*inverse_one_plus_e_right)
    kept_right = np.where((new_right >= 0), e_right*inverse_one_plus_e_right, inverse_one_plus_e_right)
    balance = left_before - right
    s_front = balance + delta
    s_back = balance - delta
    e_middle = -abs(balance)
    np.exp(e_middle, out=e_middle)
    e_front = -abs(s_front)
    np.exp(e_front, out=e_front)
    e_back = -abs(s_back)
    np.exp(e_back, out=e_back)
    log_front = np.log1p(e_front)
    log_back = np.log1p(e_back)
    front_squared = log_front**2
    back_squared = log_back**2
    D_front = log_front + (1/4)*front_squared + front_squared*log_front*(1/36 + front_squared*(front_squared*(1/211680 + front_squared*(front_squared*(1/526901760 + front_squared*((1/1120863744000)*front_squared - 691/16999766784000)) - 1/10886400)) - 1/3600))
    D_back = log_back + (1/4)*back_squared + back_squared*log_back*(1/36 + back_squared*(back_squared*(1/211680 + back_squared*(back_squared*(1/526901760 + back_squared*((1/1120863744000)*back_squared - 691/16999766784000)) - 1/10886400)) - 1/3600))
    omega_squared = 4*delta**2
    inverse_one_plus_e_middle = 1/(1 + e_middle)
    share_left = np.where((balance >= 0), inverse_one_plus_e_middle, e_middle*inverse_one_plus_e_middle)
    share_right = np.where((balance <= 0), inverse_one_plus_e_middle, e_middle*inverse_one_plus_e_middle)
    beta = share_left*share_right
    bump = 2*beta*delta*omega_squared
    tilt = bump*(share_right - share_left)*(1/24 + omega_squared*(1/1920 + omega_squared*(1/322560 + beta*((1/896)*beta - 1/5376) + omega_squared*(1/92897280 + beta*(beta*(1/18432 - 1/4608*beta) - 1/368640) + omega_squared*(1/40874803200 + beta*(beta*(7/5406720 + beta*((1/22528)*beta - 1/67584)) - 17/681246720) + omega_squared*(1/25505877196800 + beta*(beta*(1/50319360 + beta*(beta*(5/1277952 - 1/106496*beta) - 19/38338560)) - 31/193226342400))))) - 1/160*beta))
    span_left = np.where((s_back >= 0), 2*delta, np.where((s_front <= 0), 0, s_front))
    span_right = np.where((s_back >= 0), 0, np.where((s_front <= 0), 2*delta, -s_back))
    integral_left = np.where((delta < 1/4), tilt + 2*delta*share_left, log_front + span_left - log_back)
    integral_right = np.where((delta < 1/4), 2*delta*share_right - tilt, log_back + span_right - log_front)
    bend = np.where((delta < 1/4), bump*(1/12 + omega_squared*(1/480 + omega_squared*(1/53760 + beta*((1/448)*beta - 1/1792) + omega_squared*(1/11612160 + beta*(beta*(1/6912 - 1/2304*beta) - 1/92160) + omega_squared*(1/4087480320 + beta*(beta*(7/1622016 + beta*((1/11264)*beta - 5/135168)) - 17/136249344) + omega_squared*(1/2125489766400 + beta*(beta*(1/12579840 + beta*(beta*(1/106496 - 1/53248*beta) - 19/12779520)) - 31/32204390400))))) - 1/80*beta)), delta*(log_back + log_front) + (1/2)*span_left*span_right + np.where((s_back >= 0), D_front - D_back, np.where((s_front <= 0), D_back - D_front, D_back + D_front - 1/6*np.pi**2)))
    weight = np.exp(centred)
    total_weight = np.sum(weight, 1)
    inverse_total_weight = 1/total_weight
    prior = inverse_total_weight[:, None]*weight
    inverse_width = 1/width
    h_over_width = h*inverse_width
    unit = (1/2)*h_over_width
    integral_left_after = _neighbours(integral_left, 0, 1)
    kept_left_after = _neighbours(kept_left, 0, 1)
    after = _linear_scan(kept_left_after, integral_left_after, 0, -1)
    kept_right_before = _neighbours(kept_right, 0, -1)
    ahead_of = _linear_scan(kept_right_before, integral_right, 0, 1)
    R_left = after*in_left*unit[:, None]
    R_right = ahead_of*in_right*unit[:, None]
    done = inverse_width[:, None]*(place - a[:, None])
    left_over = inverse_width[:, None]*(b[:, None] - place)
    raw_loss = np.sum(gap*(log_back + log_front + np.maximum(left_before, right - delta) + np.maximum(right, left_before - delta)) - bend*h[:, None], 1)
    loss = common_distance*inverse_h + np.log(total_weight) - summit - 1/2*inverse_width*raw_loss
    grad_z = prior - R_left - R_right
    grad_points = inverse_h[:, None]*(R_right - R_left)
    raw_grad_h = np.sum(grad_points*(points - a[:, None]), 1)
    done_before = _neighbours(done, 0, -1)
    integral_left_minus_integral_right = integral_left - integral_right
    raw_grad_b = np.sum(integral_left_minus_integral_right*(done + done_before) - 2*bend*h_over_width[:, None], 1)
    grad_b = (1/4)*inverse_width*raw_grad_b
    grad_h = inverse_h*(-raw_grad_h - grad_b*width)
    left_over_before = _neighbours(left_over, 1, -1)
    raw_grad_a = np.sum(integral_left_minus_integral_right*(left_over + left_over_before) + 2*bend*h_over_width[:, None], 1)
    grad_a = (1/4)*inverse_width*raw_grad_a
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b


def laplace_on_circle(z, points, a, b, h, period):
    r"""Cross-entropy of a uniform target on [a, b] against a kernel density estimate, wrapped Laplace kernel, by exact integrals.

    .. math::

        p(x) = \sum_j S_j \sum_{n\in\mathbb{Z}}\, e^{-|x-x_j+nP|/h}, \qquad S = \operatorname{softmax}(z)

        L = -\frac{1}{b-a} \int_a^b \log p(x)\,dx

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, ascending, in the unit of x, each as its image nearest to (a + b)/2;
        the last one at b or beyond.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, above a, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    period : array (R,)
        Period of x, positive, in the unit of x; b is at most a + period.

    Returns
    -------
    loss : array (R,)
    grad_z : array (R, J)
    grad_points : array (R, J)
    grad_h : array (R,)
    grad_a : array (R,)
    grad_b : array (R,)

    Notes
    -----
    Source: derivations/laplace_integral.py.
    """
    R = z.shape[0]
    J = z.shape[1]
    loss = np.empty((R,), z.dtype)
    grad_z = np.empty((R, J), z.dtype)
    grad_points = np.empty((R, J), z.dtype)
    grad_h = np.empty((R,), z.dtype)
    grad_a = np.empty((R,), z.dtype)
    grad_b = np.empty((R,), z.dtype)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, J, most=R, numbers=2**14):
            block = _laplace_on_circle(z[rows], points[rows], a[rows], b[rows], h[rows], period[rows])
            loss[rows], grad_z[rows], grad_points[rows], grad_h[rows], grad_a[rows], grad_b[rows] = block
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b


def _laplace_on_circle(z, points, a, b, h, period):
    top_z = _max(z, 1)
    centred = z - top_z[:, None]
    width = b - a
    place = np.where((a[:, None] > points), a[:, None], np.where((b[:, None] < points), b[:, None], points))
    left_of_start = a[:, None] - points
    right_of_end = points - b[:, None]
    distance = np.maximum(np.maximum(left_of_start, right_of_end), 0)
    inverse_h = 1/h
    level = centred - distance*inverse_h[:, None]
    top_level = _max(level, 1)
    common_distance = _max(np.where((level >= top_level[:, None]), distance, 0), 1)
    near = centred - inverse_h[:, None]*(distance - common_distance[:, None])
    summit = _max(near, 1)
    logit = np.where((a[:, None] > points) | (b[:, None] < points), -np.inf, near - summit[:, None])
    way_left = np.where((a[:, None] > points), left_of_start, left_of_start + period[:, None])
    way_right = np.where((b[:, None] < points), right_of_end, period[:, None] + right_of_end)
    turn = inverse_h*period
    image_left = centred - summit[:, None] - inverse_h[:, None]*(way_left - common_distance[:, None])
    image_right = centred - summit[:, None] - inverse_h[:, None]*(way_right - common_distance[:, None])
    top_weight_behind = _max(image_left, 1)
    weight_behind = image_left - top_weight_behind[:, None]
    np.exp(weight_behind, out=weight_behind)
    total_weight_behind = np.sum(weight_behind, 1)
    expm1_turn = np.expm1(-turn)
    left_start = top_weight_behind + np.log(total_weight_behind) - np.log(-expm1_turn)
    top_weight_past = _max(image_right, 1)
    weight_past = image_right - top_weight_past[:, None]
    np.exp(weight_past, out=weight_past)
    total_weight_past = np.sum(weight_past, 1)
    right_start = top_weight_past + np.log(total_weight_past) - np.log(-expm1_turn)
    inverse_total_weight_behind = 1/np.maximum(total_weight_behind, 1)
    share_behind = inverse_total_weight_behind[:, None]*weight_behind
    inverse_total_weight_past = 1/np.maximum(total_weight_past, 1)
    share_past = inverse_total_weight_past[:, None]*weight_past
    place_before = _neighbours(place, a, -1)
    gap = place - place_before
    delta = gap*inverse_h[:, None]
    left = _log_scan(delta, logit, left_start, 1)
    delta_after = _neighbours(delta, 0, 1)
    right = _log_scan(delta_after, logit, right_start, -1)
    left_before = _neighbours(left, left_start, -1)
    new_left = np.where((logit == -np.inf), -np.inf, delta + logit - left_before)
    e_left = -abs(new_left)
    np.exp(e_left, out=e_left)
    inverse_one_plus_e_left = 1/(1 + e_left)
    in_left = np.where((new_left >= 0), inverse_one_plus_e_left, e_left*inverse_one_plus_e_left)
    kept_left = np.where((new_left >= 0), e_left*inverse_one_plus_e_left, inverse_one_plus_e_left)
    right_after = _neighbours(right, right_start, 1)
    new_right = np.where((logit == -np.inf), -np.inf, delta_after + logit - right_after)
    e_right = -abs(new_right)
    np.exp(e_right, out=e_right)
    inverse_one_plus_e_right = 1/(1 + e_right)
    in_right = np.where((new_right >= 0), inverse_one_plus_e_right, e_right*inverse_one_plus_e_right)
    kept_right = np.where((new_right >= 0), e_right*inverse_one_plus_e_right, inverse_one_plus_e_right)
    balance = left_before - right
    s_front = balance + delta
    s_back = balance - delta
    e_middle = -abs(balance)
    np.exp(e_middle, out=e_middle)
    e_front = -abs(s_front)
    np.exp(e_front, out=e_front)
    e_back = -abs(s_back)
    np.exp(e_back, out=e_back)
    log_front = np.log1p(e_front)
    log_back = np.log1p(e_back)
    front_squared = log_front**2
    back_squared = log_back**2
    D_front = log_front + (1/4)*front_squared + front_squared*log_front*(1/36 + front_squared*(front_squared*(1/211680 + front_squared*(front_squared*(1/526901760 + front_squared*((1/1120863744000)*front_squared - 691/16999766784000)) - 1/10886400)) - 1/3600))
    D_back = log_back + (1/4)*back_squared + back_squared*log_back*(1/36 + back_squared*(back_squared*(1/211680 + back_squared*(back_squared*(1/526901760 + back_squared*((1/1120863744000)*back_squared - 691/16999766784000)) - 1/10886400)) - 1/3600))
    omega_squared = 4*delta**2
    inverse_one_plus_e_middle = 1/(1 + e_middle)
    share_left = np.where((balance >= 0), inverse_one_plus_e_middle, e_middle*inverse_one_plus_e_middle)
    share_right = np.where((balance <= 0), inverse_one_plus_e_middle, e_middle*inverse_one_plus_e_middle)
    beta = share_left*share_right
    bump = 2*beta*delta*omega_squared
    tilt = bump*(share_right - share_left)*(1/24 + omega_squared*(1/1920 + omega_squared*(1/322560 + beta*((1/896)*beta - 1/5376) + omega_squared*(1/92897280 + beta*(beta*(1/18432 - 1/4608*beta) - 1/368640) + omega_squared*(1/40874803200 + beta*(beta*(7/5406720 + beta*((1/22528)*beta - 1/67584)) - 17/681246720) + omega_squared*(1/25505877196800 + beta*(beta*(1/50319360 + beta*(beta*(5/1277952 - 1/106496*beta) - 19/38338560)) - 31/193226342400))))) - 1/160*beta))
    span_left = np.where((s_back >= 0), 2*delta, np.where((s_front <= 0), 0, s_front))
    span_right = np.where((s_back >= 0), 0, np.where((s_front <= 0), 2*delta, -s_back))
    integral_left = np.where((delta < 1/4), tilt + 2*delta*share_left, log_front + span_left - log_back)
    integral_right = np.where((delta < 1/4), 2*delta*share_right - tilt, log_back + span_right - log_front)
    bend = np.where((delta < 1/4), bump*(1/12 + omega_squared*(1/480 + omega_squared*(1/53760 + beta*((1/448)*beta - 1/1792) + omega_squared*(1/11612160 + beta*(beta*(1/6912 - 1/2304*beta) - 1/92160) + omega_squared*(1/4087480320 + beta*(beta*(7/1622016 + beta*((1/11264)*beta - 5/135168)) - 17/136249344) + omega_squared*(1/2125489766400 + beta*(beta*(1/12579840 + beta*(beta*(1/106496 - 1/53248*beta) - 19/12779520)) - 31/32204390400))))) - 1/80*beta)), delta*(log_back + log_front) + (1/2)*span_left*span_right + np.where((s_back >= 0), D_front - D_back, np.where((s_front <= 0), D_back - D_front, D_back + D_front - 1/6*np.pi**2)))
    weight = np.exp(centred)
    total_weight = np.sum(weight, 1)
    inverse_total_weight = 1/total_weight
    prior = inverse_total_weight[:, None]*weight
    inverse_width = 1/width
    h_over_width = h*inverse_width
    unit = (1/2)*h_over_width
    integral_left_after = _neighbours(integral_left, 0, 1)
    kept_left_after = _neighbours(kept_left, 0, 1)
    after = _linear_scan(kept_left_after, integral_left_after, 0, -1)
    kept_right_before = _neighbours(kept_right, 0, -1)
    ahead_of = _linear_scan(kept_right_before, integral_right, 0, 1)
    after_at_start = after[:, 0]
    integral_left_at_start = integral_left[:, 0]
    kept_left_at_start = kept_left[:, 0]
    start_after = integral_left_at_start + after_at_start*kept_left_at_start
    ahead_of_at_end = ahead_of[:, -1]
    kept_right_at_end = kept_right[:, -1]
    end_ahead = ahead_of_at_end*kept_right_at_end
    R_left = unit[:, None]*(after*in_left + share_behind*start_after[:, None])
    R_right = unit[:, None]*(ahead_of*in_right + end_ahead[:, None]*share_past)
    done = inverse_width[:, None]*(place - a[:, None])
    left_over = inverse_width[:, None]*(b[:, None] - place)
    raw_loss = np.sum(gap*(log_back + log_front + np.maximum(left_before, right - delta) + np.maximum(right, left_before - delta)) - bend*h[:, None], 1)
    loss = common_distance*inverse_h + np.log(total_weight) - summit - 1/2*inverse_width*raw_loss
    grad_z = prior - R_left - R_right
    grad_points = inverse_h[:, None]*(R_right - R_left)
    raw_grad_h = np.sum(grad_points*(points - a[:, None]), 1)
    inverse_expm1_turn = 1/np.expm1(turn)
    inverse_expm1_turn_1 = 1/expm1_turn
    raw_grad_h_1 = np.sum(np.where((b[:, None] < points), inverse_expm1_turn[:, None]*share_past, -inverse_expm1_turn_1[:, None]*share_past), 1)
    raw_grad_h_2 = np.sum(np.where((a[:, None] > points), inverse_expm1_turn[:, None]*share_behind, -inverse_expm1_turn_1[:, None]*share_behind), 1)
    done_before = _neighbours(done, 0, -1)
    integral_left_minus_integral_right = integral_left - integral_right
    raw_grad_b = np.sum(integral_left_minus_integral_right*(done + done_before) - 2*bend*h_over_width[:, None], 1)
    grad_b = (1/4)*inverse_width*raw_grad_b
    grad_h = inverse_h*(-raw_grad_h - grad_b*width - turn*unit*(end_ahead*raw_grad_h_1 + raw_grad_h_2*start_after))
    left_over_before = _neighbours(left_over, 1, -1)
    raw_grad_a = np.sum(integral_left_minus_integral_right*(left_over + left_over_before) + 2*bend*h_over_width[:, None], 1)
    grad_a = (1/4)*inverse_width*raw_grad_a
    return loss, grad_z, grad_points, grad_h, grad_a, grad_b


def laplace_hvp(z, points, a, b, h, v):
    r"""Hessian in the logits of that cross-entropy, times v, Laplace kernel, by exact integrals.

    .. math::

        p(x) = \sum_j S_j\, e^{-|x-x_j|/h}, \qquad S = \operatorname{softmax}(z)

        Hv = \frac{\partial^2 L}{\partial z\,\partial z^\top}\,v, \qquad L = -\frac{1}{b-a} \int_a^b \log p(x)\,dx

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, ascending, in the unit of x; the last one at b or beyond.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, above a, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    v : array (R, J)
        The vector to multiply, one entry per point.

    Returns
    -------
    product : array (R, J)

    Notes
    -----
    Source: derivations/laplace_integral.py.
    """
    R = z.shape[0]
    J = z.shape[1]
    product = np.empty((R, J), z.dtype)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, J, most=R, numbers=2**14):
            block = _laplace_hvp(z[rows], points[rows], a[rows], b[rows], h[rows], v[rows])
            product[rows], = block
    return product,


def _laplace_hvp(z, points, a, b, h, v):
    top_z = _max(z, 1)
    centred = z - top_z[:, None]
    width = b - a
    place = np.where((a[:, None] > points), a[:, None], np.where((b[:, None] < points), b[:, None], points))
    distance = np.maximum(np.maximum(a[:, None] - points, points - b[:, None]), 0)
    inverse_h = 1/h
    level = centred - distance*inverse_h[:, None]
    top_level = _max(level, 1)
    common_distance = _max(np.where((level >= top_level[:, None]), distance, 0), 1)
    near = centred - inverse_h[:, None]*(distance - common_distance[:, None])
    summit = _max(near, 1)
    logit = near - summit[:, None]
    place_before = _neighbours(place, a, -1)
    gap = place - place_before
    delta = gap*inverse_h[:, None]
    left = _log_scan(delta, logit, -np.inf, 1)
    delta_after = _neighbours(delta, 0, 1)
    right = _log_scan(delta_after, logit, -np.inf, -1)
    left_before = _neighbours(left, -np.inf, -1)
    new_left = np.where((logit == -np.inf), -np.inf, delta + logit - left_before)
    e_left = -abs(new_left)
    np.exp(e_left, out=e_left)
    inverse_one_plus_e_left = 1/(1 + e_left)
    in_left = np.where((new_left >= 0), inverse_one_plus_e_left, e_left*inverse_one_plus_e_left)
    kept_left = np.where((new_left >= 0), e_left*inverse_one_plus_e_left, inverse_one_plus_e_left)
    right_after = _neighbours(right, -np.inf, 1)
    new_right = np.where((logit == -np.inf), -np.inf, delta_after + logit - right_after)
    e_right = -abs(new_right)
    np.exp(e_right, out=e_right)
    inverse_one_plus_e_right = 1/(1 + e_right)
    in_right = np.where((new_right >= 0), inverse_one_plus_e_right, e_right*inverse_one_plus_e_right)
    kept_right = np.where((new_right >= 0), e_right*inverse_one_plus_e_right, inverse_one_plus_e_right)
    balance = left_before - right
    s_front = balance + delta
    s_back = balance - delta
    e_middle = -abs(balance)
    np.exp(e_middle, out=e_middle)
    e_front = -abs(s_front)
    np.exp(e_front, out=e_front)
    e_back = -abs(s_back)
    np.exp(e_back, out=e_back)
    log_front = np.log1p(e_front)
    log_back = np.log1p(e_back)
    omega_squared = 4*delta**2
    inverse_one_plus_e_middle = 1/(1 + e_middle)
    share_left = np.where((balance >= 0), inverse_one_plus_e_middle, e_middle*inverse_one_plus_e_middle)
    share_right = np.where((balance <= 0), inverse_one_plus_e_middle, e_middle*inverse_one_plus_e_middle)
    beta = share_left*share_right
    bump = 2*beta*delta*omega_squared
    tilt = bump*(share_right - share_left)*(1/24 + omega_squared*(1/1920 + omega_squared*(1/322560 + beta*((1/896)*beta - 1/5376) + omega_squared*(1/92897280 + beta*(beta*(1/18432 - 1/4608*beta) - 1/368640) + omega_squared*(1/40874803200 + beta*(beta*(7/5406720 + beta*((1/22528)*beta - 1/67584)) - 17/681246720) + omega_squared*(1/25505877196800 + beta*(beta*(1/50319360 + beta*(beta*(5/1277952 - 1/106496*beta) - 19/38338560)) - 31/193226342400))))) - 1/160*beta))
    span_left = np.where((s_back >= 0), 2*delta, np.where((s_front <= 0), 0, s_front))
    span_right = np.where((s_back >= 0), 0, np.where((s_front <= 0), 2*delta, -s_back))
    integral_left = np.where((delta < 1/4), tilt + 2*delta*share_left, log_front + span_left - log_back)
    integral_right = np.where((delta < 1/4), 2*delta*share_right - tilt, log_back + span_right - log_front)
    weight = np.exp(centred)
    total_weight = np.sum(weight, 1)
    inverse_total_weight = 1/total_weight
    prior = inverse_total_weight[:, None]*weight
    inverse_width = 1/width
    unit = (1/2)*h*inverse_width
    integral_left_after = _neighbours(integral_left, 0, 1)
    kept_left_after = _neighbours(kept_left, 0, 1)
    after = _linear_scan(kept_left_after, integral_left_after, 0, -1)
    kept_right_before = _neighbours(kept_right, 0, -1)
    ahead_of = _linear_scan(kept_right_before, integral_right, 0, 1)
    R_left = after*in_left*unit[:, None]
    R_right = ahead_of*in_right*unit[:, None]
    raw_direction = np.sum(prior*v, 1)
    direction = v - raw_direction[:, None]
    mean_left = _linear_scan(kept_left, direction*in_left, 0, 1)
    mean_right = _linear_scan(kept_right, direction*in_right, 0, -1)
    inverse_one_plus_e_back = 1/(1 + e_back)
    inverse_one_plus_e_front = 1/(1 + e_front)
    overlap = -np.where((s_back <= 0), inverse_one_plus_e_back, e_back*inverse_one_plus_e_back)*np.where((s_front >= 0), inverse_one_plus_e_front, e_front*inverse_one_plus_e_front)*np.expm1(-2*delta)
    mean_left_before = _neighbours(mean_left, 0, -1)
    pull_left = integral_left*mean_left_before + overlap*(mean_right - mean_left_before)
    pull_right = integral_right*mean_right + overlap*(mean_left_before - mean_right)
    pull_left_after = _neighbours(pull_left, 0, 1)
    passed_left = _linear_scan(kept_left_after, pull_left_after, 0, -1)
    passed_right = _linear_scan(kept_right_before, pull_right, 0, 1)
    product = direction*(prior - R_left - R_right) + unit[:, None]*(in_left*passed_left + in_right*passed_right)
    return product,


def laplace_hvp_on_circle(z, points, a, b, h, period, v):
    r"""Hessian in the logits of that cross-entropy, times v, wrapped Laplace kernel, by exact integrals.

    .. math::

        p(x) = \sum_j S_j \sum_{n\in\mathbb{Z}}\, e^{-|x-x_j+nP|/h}, \qquad S = \operatorname{softmax}(z)

        Hv = \frac{\partial^2 L}{\partial z\,\partial z^\top}\,v, \qquad L = -\frac{1}{b-a} \int_a^b \log p(x)\,dx

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, ascending, in the unit of x, each as its image nearest to (a + b)/2;
        the last one at b or beyond.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, above a, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    period : array (R,)
        Period of x, positive, in the unit of x; b is at most a + period.
    v : array (R, J)
        The vector to multiply, one entry per point.

    Returns
    -------
    product : array (R, J)

    Notes
    -----
    Source: derivations/laplace_integral.py.
    """
    R = z.shape[0]
    J = z.shape[1]
    product = np.empty((R, J), z.dtype)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, J, most=R, numbers=2**14):
            block = _laplace_hvp_on_circle(z[rows], points[rows], a[rows], b[rows], h[rows], period[rows], v[rows])
            product[rows], = block
    return product,


def _laplace_hvp_on_circle(z, points, a, b, h, period, v):
    top_z = _max(z, 1)
    centred = z - top_z[:, None]
    width = b - a
    place = np.where((a[:, None] > points), a[:, None], np.where((b[:, None] < points), b[:, None], points))
    left_of_start = a[:, None] - points
    right_of_end = points - b[:, None]
    distance = np.maximum(np.maximum(left_of_start, right_of_end), 0)
    inverse_h = 1/h
    level = centred - distance*inverse_h[:, None]
    top_level = _max(level, 1)
    common_distance = _max(np.where((level >= top_level[:, None]), distance, 0), 1)
    near = centred - inverse_h[:, None]*(distance - common_distance[:, None])
    summit = _max(near, 1)
    logit = np.where((a[:, None] > points) | (b[:, None] < points), -np.inf, near - summit[:, None])
    way_left = np.where((a[:, None] > points), left_of_start, left_of_start + period[:, None])
    way_right = np.where((b[:, None] < points), right_of_end, period[:, None] + right_of_end)
    turn = inverse_h*period
    image_left = centred - summit[:, None] - inverse_h[:, None]*(way_left - common_distance[:, None])
    image_right = centred - summit[:, None] - inverse_h[:, None]*(way_right - common_distance[:, None])
    top_weight_behind = _max(image_left, 1)
    weight_behind = image_left - top_weight_behind[:, None]
    np.exp(weight_behind, out=weight_behind)
    total_weight_behind = np.sum(weight_behind, 1)
    left_start = top_weight_behind + np.log(total_weight_behind) - np.log(-np.expm1(-turn))
    top_weight_past = _max(image_right, 1)
    weight_past = image_right - top_weight_past[:, None]
    np.exp(weight_past, out=weight_past)
    total_weight_past = np.sum(weight_past, 1)
    right_start = top_weight_past + np.log(total_weight_past) - np.log(-np.expm1(-turn))
    inverse_total_weight_behind = 1/np.maximum(total_weight_behind, 1)
    share_behind = inverse_total_weight_behind[:, None]*weight_behind
    inverse_total_weight_past = 1/np.maximum(total_weight_past, 1)
    share_past = inverse_total_weight_past[:, None]*weight_past
    place_before = _neighbours(place, a, -1)
    gap = place - place_before
    delta = gap*inverse_h[:, None]
    left = _log_scan(delta, logit, left_start, 1)
    delta_after = _neighbours(delta, 0, 1)
    right = _log_scan(delta_after, logit, right_start, -1)
    left_before = _neighbours(left, left_start, -1)
    new_left = np.where((logit == -np.inf), -np.inf, delta + logit - left_before)
    e_left = -abs(new_left)
    np.exp(e_left, out=e_left)
    inverse_one_plus_e_left = 1/(1 + e_left)
    in_left = np.where((new_left >= 0), inverse_one_plus_e_left, e_left*inverse_one_plus_e_left)
    kept_left = np.where((new_left >= 0), e_left*inverse_one_plus_e_left, inverse_one_plus_e_left)
    right_after = _neighbours(right, right_start, 1)
    new_right = np.where((logit == -np.inf), -np.inf, delta_after + logit - right_after)
    e_right = -abs(new_right)
    np.exp(e_right, out=e_right)
    inverse_one_plus_e_right = 1/(1 + e_right)
    in_right = np.where((new_right >= 0), inverse_one_plus_e_right, e_right*inverse_one_plus_e_right)
    kept_right = np.where((new_right >= 0), e_right*inverse_one_plus_e_right, inverse_one_plus_e_right)
    balance = left_before - right
    s_front = balance + delta
    s_back = balance - delta
    e_middle = -abs(balance)
    np.exp(e_middle, out=e_middle)
    e_front = -abs(s_front)
    np.exp(e_front, out=e_front)
    e_back = -abs(s_back)
    np.exp(e_back, out=e_back)
    log_front = np.log1p(e_front)
    log_back = np.log1p(e_back)
    omega_squared = 4*delta**2
    inverse_one_plus_e_middle = 1/(1 + e_middle)
    share_left = np.where((balance >= 0), inverse_one_plus_e_middle, e_middle*inverse_one_plus_e_middle)
    share_right = np.where((balance <= 0), inverse_one_plus_e_middle, e_middle*inverse_one_plus_e_middle)
    beta = share_left*share_right
    bump = 2*beta*delta*omega_squared
    tilt = bump*(share_right - share_left)*(1/24 + omega_squared*(1/1920 + omega_squared*(1/322560 + beta*((1/896)*beta - 1/5376) + omega_squared*(1/92897280 + beta*(beta*(1/18432 - 1/4608*beta) - 1/368640) + omega_squared*(1/40874803200 + beta*(beta*(7/5406720 + beta*((1/22528)*beta - 1/67584)) - 17/681246720) + omega_squared*(1/25505877196800 + beta*(beta*(1/50319360 + beta*(beta*(5/1277952 - 1/106496*beta) - 19/38338560)) - 31/193226342400))))) - 1/160*beta))
    span_left = np.where((s_back >= 0), 2*delta, np.where((s_front <= 0), 0, s_front))
    span_right = np.where((s_back >= 0), 0, np.where((s_front <= 0), 2*delta, -s_back))
    integral_left = np.where((delta < 1/4), tilt + 2*delta*share_left, log_front + span_left - log_back)
    integral_right = np.where((delta < 1/4), 2*delta*share_right - tilt, log_back + span_right - log_front)
    weight = np.exp(centred)
    total_weight = np.sum(weight, 1)
    inverse_total_weight = 1/total_weight
    prior = inverse_total_weight[:, None]*weight
    inverse_width = 1/width
    unit = (1/2)*h*inverse_width
    integral_left_after = _neighbours(integral_left, 0, 1)
    kept_left_after = _neighbours(kept_left, 0, 1)
    after = _linear_scan(kept_left_after, integral_left_after, 0, -1)
    kept_right_before = _neighbours(kept_right, 0, -1)
    ahead_of = _linear_scan(kept_right_before, integral_right, 0, 1)
    after_at_start = after[:, 0]
    integral_left_at_start = integral_left[:, 0]
    kept_left_at_start = kept_left[:, 0]
    start_after = integral_left_at_start + after_at_start*kept_left_at_start
    ahead_of_at_end = ahead_of[:, -1]
    kept_right_at_end = kept_right[:, -1]
    end_ahead = ahead_of_at_end*kept_right_at_end
    R_left = unit[:, None]*(after*in_left + share_behind*start_after[:, None])
    R_right = unit[:, None]*(ahead_of*in_right + end_ahead[:, None]*share_past)
    raw_direction = np.sum(prior*v, 1)
    direction = v - raw_direction[:, None]
    left_mean_start = np.sum(direction*share_behind, 1)
    mean_left = _linear_scan(kept_left, direction*in_left, left_mean_start, 1)
    right_mean_start = np.sum(direction*share_past, 1)
    mean_right = _linear_scan(kept_right, direction*in_right, right_mean_start, -1)
    inverse_one_plus_e_back = 1/(1 + e_back)
    inverse_one_plus_e_front = 1/(1 + e_front)
    overlap = -np.where((s_back <= 0), inverse_one_plus_e_back, e_back*inverse_one_plus_e_back)*np.where((s_front >= 0), inverse_one_plus_e_front, e_front*inverse_one_plus_e_front)*np.expm1(-2*delta)
    mean_left_before = _neighbours(mean_left, left_mean_start, -1)
    pull_left = integral_left*mean_left_before + overlap*(mean_right - mean_left_before)
    pull_right = integral_right*mean_right + overlap*(mean_left_before - mean_right)
    pull_left_after = _neighbours(pull_left, 0, 1)
    passed_left = _linear_scan(kept_left_after, pull_left_after, 0, -1)
    passed_right = _linear_scan(kept_right_before, pull_right, 0, 1)
    passed_left_at_start = passed_left[:, 0]
    pull_left_at_start = pull_left[:, 0]
    passed_start = pull_left_at_start + kept_left_at_start*passed_left_at_start
    passed_right_at_end = passed_right[:, -1]
    passed_end = kept_right_at_end*passed_right_at_end
    product = direction*(prior - R_left - R_right) + unit[:, None]*(in_left*passed_left + in_right*passed_right) + unit[:, None]*(passed_end[:, None]*share_past + passed_start[:, None]*share_behind)
    return product,


def laplace_em(z, points, a, b, h):
    r"""Logarithm of the mean responsibilities of the points for a uniform target on [a, b], Laplace kernel, by exact integrals.

    .. math::

        p(x) = \sum_j S_j\, e^{-|x-x_j|/h}, \qquad S = \operatorname{softmax}(z)

        \log\bar R_j = \log\frac{1}{b-a} \int_a^b \frac{\partial \log p(x)}{\partial \log S_j}\,dx

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, ascending, in the unit of x; the last one at b or beyond.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, above a, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.

    Returns
    -------
    log_R : array (R, J)

    Notes
    -----
    Source: derivations/laplace_integral.py.
    """
    R = z.shape[0]
    J = z.shape[1]
    log_R = np.empty((R, J), z.dtype)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, J, most=R, numbers=2**14):
            block = _laplace_em(z[rows], points[rows], a[rows], b[rows], h[rows])
            log_R[rows], = block
    return log_R,


def _laplace_em(z, points, a, b, h):
    top_z = _max(z, 1)
    centred = z - top_z[:, None]
    width = b - a
    place = np.where((a[:, None] > points), a[:, None], np.where((b[:, None] < points), b[:, None], points))
    distance = np.maximum(np.maximum(a[:, None] - points, points - b[:, None]), 0)
    inverse_h = 1/h
    level = centred - distance*inverse_h[:, None]
    top_level = _max(level, 1)
    common_distance = _max(np.where((level >= top_level[:, None]), distance, 0), 1)
    near = centred - inverse_h[:, None]*(distance - common_distance[:, None])
    summit = _max(near, 1)
    logit = near - summit[:, None]
    place_before = _neighbours(place, a, -1)
    gap = place - place_before
    delta = gap*inverse_h[:, None]
    left = _log_scan(delta, logit, -np.inf, 1)
    delta_after = _neighbours(delta, 0, 1)
    right = _log_scan(delta_after, logit, -np.inf, -1)
    left_before = _neighbours(left, -np.inf, -1)
    new_left = np.where((logit == -np.inf), -np.inf, delta + logit - left_before)
    e_left = -abs(new_left)
    np.exp(e_left, out=e_left)
    right_after = _neighbours(right, -np.inf, 1)
    new_right = np.where((logit == -np.inf), -np.inf, delta_after + logit - right_after)
    e_right = -abs(new_right)
    np.exp(e_right, out=e_right)
    balance = left_before - right
    s_front = balance + delta
    s_back = balance - delta
    e_middle = -abs(balance)
    np.exp(e_middle, out=e_middle)
    e_front = -abs(s_front)
    np.exp(e_front, out=e_front)
    e_back = -abs(s_back)
    np.exp(e_back, out=e_back)
    log_front = np.log1p(e_front)
    log_back = np.log1p(e_back)
    omega_squared = 4*delta**2
    inverse_one_plus_e_middle = 1/(1 + e_middle)
    share_left = np.where((balance >= 0), inverse_one_plus_e_middle, e_middle*inverse_one_plus_e_middle)
    share_right = np.where((balance <= 0), inverse_one_plus_e_middle, e_middle*inverse_one_plus_e_middle)
    beta = share_left*share_right
    bump = 2*beta*delta*omega_squared
    tilt = bump*(share_right - share_left)*(1/24 + omega_squared*(1/1920 + omega_squared*(1/322560 + beta*((1/896)*beta - 1/5376) + omega_squared*(1/92897280 + beta*(beta*(1/18432 - 1/4608*beta) - 1/368640) + omega_squared*(1/40874803200 + beta*(beta*(7/5406720 + beta*((1/22528)*beta - 1/67584)) - 17/681246720) + omega_squared*(1/25505877196800 + beta*(beta*(1/50319360 + beta*(beta*(5/1277952 - 1/106496*beta) - 19/38338560)) - 31/193226342400))))) - 1/160*beta))
    span_left = np.where((s_back >= 0), 2*delta, np.where((s_front <= 0), 0, s_front))
    span_right = np.where((s_back >= 0), 0, np.where((s_front <= 0), 2*delta, -s_back))
    integral_left = np.where((delta < 1/4), tilt + 2*delta*share_left, log_front + span_left - log_back)
    integral_right = np.where((delta < 1/4), 2*delta*share_right - tilt, log_back + span_right - log_front)
    inverse_width = 1/width
    unit = (1/2)*h*inverse_width
    log1p_e_left = np.log1p(e_left)
    fade_left = log1p_e_left + np.maximum(new_left, 0)
    log1p_e_right = np.log1p(e_right)
    fade_right = log1p_e_right + np.maximum(new_right, 0)
    log_unit_expm1_delta = np.log(-unit[:, None]*np.expm1(-2*delta))
    log_integral_left = np.where((s_front < -40), log_unit_expm1_delta + s_front, np.log(integral_left*unit[:, None]))
    log_integral_right = np.where((s_back > 40), log_unit_expm1_delta - s_back, np.log(integral_right*unit[:, None]))
    fade_left_after = _neighbours(fade_left, 0, 1)
    log_integral_left_after = _neighbours(log_integral_left, -np.inf, 1)
    log_after = _log_scan(fade_left_after, log_integral_left_after, -np.inf, -1)
    fade_right_before = _neighbours(fade_right, 0, -1)
    log_ahead = _log_scan(fade_right_before, log_integral_right, -np.inf, 1)
    log_R_left = log_after - log1p_e_left - np.maximum(-new_left, 0)
    log_R_right = log_ahead - log1p_e_right - np.maximum(-new_right, 0)
    log_R = np.logaddexp(log_R_left, log_R_right)
    return log_R,


def laplace_em_on_circle(z, points, a, b, h, period):
    r"""Logarithm of the mean responsibilities of the points for a uniform target on [a, b], wrapped Laplace kernel, by exact integrals.

    .. math::

        p(x) = \sum_j S_j \sum_{n\in\mathbb{Z}}\, e^{-|x-x_j+nP|/h}, \qquad S = \operatorname{softmax}(z)

        \log\bar R_j = \log\frac{1}{b-a} \int_a^b \frac{\partial \log p(x)}{\partial \log S_j}\,dx

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    z : array (R, J)
        Logits, one per point; -inf removes a point.
    points : array (R, J)
        Positions of the points, ascending, in the unit of x, each as its image nearest to (a + b)/2;
        the last one at b or beyond.
    a : array (R,)
        Lower edge of the target, in the unit of x.
    b : array (R,)
        Upper edge of the target, above a, in the unit of x.
    h : array (R,)
        Bandwidth, positive, in the unit of x.
    period : array (R,)
        Period of x, positive, in the unit of x; b is at most a + period.

    Returns
    -------
    log_R : array (R, J)

    Notes
    -----
    Source: derivations/laplace_integral.py.
    """
    R = z.shape[0]
    J = z.shape[1]
    log_R = np.empty((R, J), z.dtype)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, J, most=R, numbers=2**14):
            block = _laplace_em_on_circle(z[rows], points[rows], a[rows], b[rows], h[rows], period[rows])
            log_R[rows], = block
    return log_R,


def _laplace_em_on_circle(z, points, a, b, h, period):
    top_z = _max(z, 1)
    centred = z - top_z[:, None]
    width = b - a
    place = np.where((a[:, None] > points), a[:, None], np.where((b[:, None] < points), b[:, None], points))
    left_of_start = a[:, None] - points
    right_of_end = points - b[:, None]
    distance = np.maximum(np.maximum(left_of_start, right_of_end), 0)
    inverse_h = 1/h
    level = centred - distance*inverse_h[:, None]
    top_level = _max(level, 1)
    common_distance = _max(np.where((level >= top_level[:, None]), distance, 0), 1)
    near = centred - inverse_h[:, None]*(distance - common_distance[:, None])
    summit = _max(near, 1)
    logit = np.where((a[:, None] > points) | (b[:, None] < points), -np.inf, near - summit[:, None])
    way_left = np.where((a[:, None] > points), left_of_start, left_of_start + period[:, None])
    way_right = np.where((b[:, None] < points), right_of_end, period[:, None] + right_of_end)
    turn = inverse_h*period
    image_left = centred - summit[:, None] - inverse_h[:, None]*(way_left - common_distance[:, None])
    image_right = centred - summit[:, None] - inverse_h[:, None]*(way_right - common_distance[:, None])
    top_weight_behind = _max(image_left, 1)
    weight_behind = image_left - top_weight_behind[:, None]
    np.exp(weight_behind, out=weight_behind)
    total_weight_behind = np.sum(weight_behind, 1)
    log_total_weight_behind = np.log(total_weight_behind)
    left_start = log_total_weight_behind + top_weight_behind - np.log(-np.expm1(-turn))
    top_weight_past = _max(image_right, 1)
    weight_past = image_right - top_weight_past[:, None]
    np.exp(weight_past, out=weight_past)
    total_weight_past = np.sum(weight_past, 1)
    log_total_weight_past = np.log(total_weight_past)
    right_start = log_total_weight_past + top_weight_past - np.log(-np.expm1(-turn))
    place_before = _neighbours(place, a, -1)
    gap = place - place_before
    delta = gap*inverse_h[:, None]
    left = _log_scan(delta, logit, left_start, 1)
    delta_after = _neighbours(delta, 0, 1)
    right = _log_scan(delta_after, logit, right_start, -1)
    left_before = _neighbours(left, left_start, -1)
    new_left = np.where((logit == -np.inf), -np.inf, delta + logit - left_before)
    e_left = -abs(new_left)
    np.exp(e_left, out=e_left)
    right_after = _neighbours(right, right_start, 1)
    new_right = np.where((logit == -np.inf), -np.inf, delta_after + logit - right_after)
    e_right = -abs(new_right)
    np.exp(e_right, out=e_right)
    balance = left_before - right
    s_front = balance + delta
    s_back = balance - delta
    e_middle = -abs(balance)
    np.exp(e_middle, out=e_middle)
    e_front = -abs(s_front)
    np.exp(e_front, out=e_front)
    e_back = -abs(s_back)
    np.exp(e_back, out=e_back)
    log_front = np.log1p(e_front)
    log_back = np.log1p(e_back)
    omega_squared = 4*delta**2
    inverse_one_plus_e_middle = 1/(1 + e_middle)
    share_left = np.where((balance >= 0), inverse_one_plus_e_middle, e_middle*inverse_one_plus_e_middle)
    share_right = np.where((balance <= 0), inverse_one_plus_e_middle, e_middle*inverse_one_plus_e_middle)
    beta = share_left*share_right
    bump = 2*beta*delta*omega_squared
    tilt = bump*(share_right - share_left)*(1/24 + omega_squared*(1/1920 + omega_squared*(1/322560 + beta*((1/896)*beta - 1/5376) + omega_squared*(1/92897280 + beta*(beta*(1/18432 - 1/4608*beta) - 1/368640) + omega_squared*(1/40874803200 + beta*(beta*(7/5406720 + beta*((1/22528)*beta - 1/67584)) - 17/681246720) + omega_squared*(1/25505877196800 + beta*(beta*(1/50319360 + beta*(beta*(5/1277952 - 1/106496*beta) - 19/38338560)) - 31/193226342400))))) - 1/160*beta))
    span_left = np.where((s_back >= 0), 2*delta, np.where((s_front <= 0), 0, s_front))
    span_right = np.where((s_back >= 0), 0, np.where((s_front <= 0), 2*delta, -s_back))
    integral_left = np.where((delta < 1/4), tilt + 2*delta*share_left, log_front + span_left - log_back)
    integral_right = np.where((delta < 1/4), 2*delta*share_right - tilt, log_back + span_right - log_front)
    inverse_width = 1/width
    unit = (1/2)*h*inverse_width
    log1p_e_left = np.log1p(e_left)
    fade_left = log1p_e_left + np.maximum(new_left, 0)
    log1p_e_right = np.log1p(e_right)
    fade_right = log1p_e_right + np.maximum(new_right, 0)
    log_unit_expm1_delta = np.log(-unit[:, None]*np.expm1(-2*delta))
    log_integral_left = np.where((s_front < -40), log_unit_expm1_delta + s_front, np.log(integral_left*unit[:, None]))
    log_integral_right = np.where((s_back > 40), log_unit_expm1_delta - s_back, np.log(integral_right*unit[:, None]))
    fade_left_after = _neighbours(fade_left, 0, 1)
    log_integral_left_after = _neighbours(log_integral_left, -np.inf, 1)
    log_after = _log_scan(fade_left_after, log_integral_left_after, -np.inf, -1)
    fade_right_before = _neighbours(fade_right, 0, -1)
    log_ahead = _log_scan(fade_right_before, log_integral_right, -np.inf, 1)
    log_R_left = log_after - log1p_e_left - np.maximum(-new_left, 0)
    log_R_right = log_ahead - log1p_e_right - np.maximum(-new_right, 0)
    fade_left_at_start = fade_left[:, 0]
    log_after_at_start = log_after[:, 0]
    log_integral_left_at_start = log_integral_left[:, 0]
    log_start_after = np.logaddexp(log_integral_left_at_start, log_after_at_start - fade_left_at_start)
    fade_right_at_end = fade_right[:, -1]
    log_ahead_at_end = log_ahead[:, -1]
    log_end_ahead = log_ahead_at_end - fade_right_at_end
    log_R = np.logaddexp(np.logaddexp(log_R_left, log_R_right), np.logaddexp(image_left + log_start_after[:, None] - log_total_weight_behind[:, None] - top_weight_behind[:, None], image_right + log_end_ahead[:, None] - log_total_weight_past[:, None] - top_weight_past[:, None]))
    return log_R,
