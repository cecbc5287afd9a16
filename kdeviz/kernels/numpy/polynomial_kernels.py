# Generated from derivations/polynomial_kernels.py. Do not edit: change the derivation and run `make generate`.
import math

import numpy as np


def _blocks(size, *widths, most=128, numbers=2**16):
    """Slices of `size` places: blocks so small that temporaries stay in cache and sums short enough to lose no digits."""
    at_once = max(1, min(size, most, numbers // max(1, math.prod(widths))))
    return [slice(start, min(start + at_once, size)) for start in range(0, max(1, size), at_once)]


def join_blocks(left_mass, left_below, left_above, left_both, right_mass, right_below, right_above, right_both, ahead, beyond):
    r"""Sums of distances over a block, from those over its lower and its upper part.

    .. math::

        m = m_l + m_r, \quad m^- = m^-_l + m^-_r + a\,m_r, \quad m^+ = m^+_l + b\,m_l + m^+_r

        m^\pm = m^\pm_l + b\,m^-_l + m^\pm_r + a\,m^+_r, \quad a = \text{ahead}, \quad b = \text{beyond}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    left_mass : array (R, N)
        Lower block: log sum of w; -inf where there is nothing.
    left_below : array (R, N)
        log sum of w (x - X0), distances from its lower end.
    left_above : array (R, N)
        log sum of w (X1 - x), distances from its upper end.
    left_both : array (R, N)
        log sum of w (x - X0)(X1 - x).
    right_mass : array (R, N)
        Upper block: the same four.
    right_below : array (R, N)
        As above.
    right_above : array (R, N)
        As above.
    right_both : array (R, N)
        As above.
    ahead : array (R, N)
        From the lower end of the lower block to that of the upper one, non-negative.
    beyond : array (R, N)
        From the upper end of the lower block to that of the upper one, non-negative.

    Returns
    -------
    mass : array (R, N)
    below : array (R, N)
    above : array (R, N)
    both : array (R, N)

    Notes
    -----
    Source: derivations/polynomial_kernels.py.
    """
    R = left_mass.shape[0]
    N = left_mass.shape[1]
    mass = np.empty((R, N), left_mass.dtype)
    below = np.empty((R, N), left_mass.dtype)
    above = np.empty((R, N), left_mass.dtype)
    both = np.empty((R, N), left_mass.dtype)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, N, most=R):
            block = _join_blocks(left_mass[rows], left_below[rows], left_above[rows], left_both[rows], right_mass[rows], right_below[rows], right_above[rows], right_both[rows], ahead[rows], beyond[rows])
            mass[rows], below[rows], above[rows], both[rows] = block
    return mass, below, above, both


def _join_blocks(left_mass, left_below, left_above, left_both, right_mass, right_below, right_above, right_both, ahead, beyond):
    mass = np.logaddexp(left_mass, right_mass)
    log_ahead = np.log(ahead)
    below = np.logaddexp(left_below, np.logaddexp(right_below, log_ahead + right_mass))
    log_beyond = np.log(beyond)
    above = np.logaddexp(right_above, np.logaddexp(left_above, left_mass + log_beyond))
    both = np.logaddexp(np.logaddexp(left_both, left_below + log_beyond), np.logaddexp(right_both, log_ahead + right_above))
    return mass, below, above, both


def window_sums(mass, below, above, both, room_below, room_above):
    r"""Sums of distances from the edges of a window, from those over the block of all that it holds.

    .. math::

        m^-_w = m^- + r^-m, \quad m^+_w = m^+ + r^+m, \quad m^\pm_w = m^\pm + r^+m^- + r^-m^+ + r^-r^+m

        r^- = \text{room below}, \quad r^+ = \text{room above}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    mass : array (R, N)
        Lower block: log sum of w; -inf where there is nothing.
    below : array (R, N)
        log sum of w (x - X0), distances from its lower end.
    above : array (R, N)
        log sum of w (X1 - x), distances from its upper end.
    both : array (R, N)
        log sum of w (x - X0)(X1 - x).
    room_below : array (R, N)
        From the lower edge of the window to the block, non-negative.
    room_above : array (R, N)
        From the block to the upper edge of the window, non-negative.

    Returns
    -------
    to_lower : array (R, N)
    to_upper : array (R, N)
    to_both : array (R, N)

    Notes
    -----
    Source: derivations/polynomial_kernels.py.
    """
    R = mass.shape[0]
    N = mass.shape[1]
    to_lower = np.empty((R, N), mass.dtype)
    to_upper = np.empty((R, N), mass.dtype)
    to_both = np.empty((R, N), mass.dtype)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, N, most=R):
            block = _window_sums(mass[rows], below[rows], above[rows], both[rows], room_below[rows], room_above[rows])
            to_lower[rows], to_upper[rows], to_both[rows] = block
    return to_lower, to_upper, to_both


def _window_sums(mass, below, above, both, room_below, room_above):
    log_room_below = np.log(room_below)
    to_lower = np.logaddexp(below, log_room_below + mass)
    log_room_above = np.log(room_above)
    to_upper = np.logaddexp(above, log_room_above + mass)
    to_both = np.logaddexp(log_room_below + to_upper, np.logaddexp(both, below + log_room_above))
    return to_lower, to_upper, to_both


def triangular_gaps(log_start, log_end, length, log_total):
    r"""Cross-entropy of a uniform target against a mixture that is linear on gaps of it.

    .. math::

        L = -\frac1T \sum_k d_k\,\big(\overline{\log P}_k - \log M\big), \quad T = \sum_k d_k

        \overline{\log P} = \tfrac12\,(\log P_0 + \log P_1) + c\big(\tfrac12\,|\log P_1 - \log P_0|\big), \quad c(x) = x \coth x - 1

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    log_start : array (R, K)
        log P at the lower end of each gap, -inf for 0.
    log_end : array (R, K)
        log P at its upper end.
    length : array (R, K)
        Lengths of the gaps, non-negative, in the unit of x.
    log_total : array (R,)
        Logarithm of all mass.

    Returns
    -------
    loss : array (R,)
    reach : array (R,)
    grad_length : array (R, K)
    omega_mass : array (R, K)
    omega_below : array (R, K)
    omega_above : array (R, K)

    Notes
    -----
    Source: derivations/polynomial_kernels.py.
    """
    R = log_start.shape[0]
    K = log_start.shape[1]
    loss = np.empty((R,), log_start.dtype)
    reach = np.empty((R,), log_start.dtype)
    grad_length = np.empty((R, K), log_start.dtype)
    omega_mass = np.empty((R, K), log_start.dtype)
    omega_below = np.empty((R, K), log_start.dtype)
    omega_above = np.empty((R, K), log_start.dtype)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, K, most=R):
            block = _triangular_gaps(log_start[rows], log_end[rows], length[rows], log_total[rows])
            loss[rows], reach[rows], grad_length[rows], omega_mass[rows], omega_below[rows], omega_above[rows] = block
    return loss, reach, grad_length, omega_mass, omega_below, omega_above


def _triangular_gaps(log_start, log_end, length, log_total):
    held = np.where((log_end == -np.inf) & (log_start == -np.inf), 0, length)
    top = np.maximum(log_end, log_start)
    x = (1/2)*abs(log_end - log_start)
    tail = np.where((x > 40), 0, 2*x/np.expm1(2*x))
    x_squared = x**2
    deficit = np.where((x < 1/2), x - x_squared*(1/3 + x_squared*(x_squared*(2/945 + x_squared*(x_squared*(2/93555 + x_squared*(x_squared*(4/18243225 + x_squared*(x_squared*(2.2507846516808993e-9 - 2.2805151204592183e-10*x_squared) - 2.2214608789979679e-8)) - 1382/638512875)) - 1/4725)) - 1/45)), 1 - tail)
    mean = top - deficit
    inverse_expm1_x = 1/np.expm1(-2*x)
    near_large = np.log(np.where((x == 0), 1/2, -deficit*inverse_expm1_x)) - top
    near_small = np.log(np.where((x == 0), 1/2, -inverse_expm1_x*(2*x - deficit))) - top
    excess = np.where((length == 0) | (log_end == -np.inf) & (log_start == -np.inf), 0, mean - log_total[:, None])
    reach = np.sum(held, 1)
    inverse_reach = 1/reach
    unit = np.log(held*inverse_reach[:, None])
    raw_loss = np.sum(excess*held, 1)
    loss = -inverse_reach*raw_loss
    grad_length = np.where((log_end == -np.inf) & (log_start == -np.inf), 0, inverse_reach[:, None]*(-excess - loss[:, None]))
    omega_mass = np.where((held == 0), -np.inf, unit + np.log(np.where((x == 0), 1, -2*inverse_expm1_x*x)) - top)
    log_held = np.log(held)
    omega_below = np.where((held == 0), -np.inf, log_held + unit + np.where((log_end > log_start), near_large, near_small))
    omega_above = np.where((held == 0), -np.inf, log_held + unit + np.where((log_end > log_start), near_small, near_large))
    return loss, reach, grad_length, omega_mass, omega_below, omega_above


def epanechnikov_gaps(log_start, log_end, log_mass, h, length, log_total):
    r"""Cross-entropy of a uniform target against a mixture that is quadratic and concave on gaps of it.

    .. math::

        L = -\frac1T \sum_k d_k\,\big(\overline{\log P}_k - \log M\big), \quad T = \sum_k d_k

        \overline{\log P} = \tfrac12\,(\log P_0 + \log P_1) + c(x_\alpha) + c(x_\beta), \quad c(x) = x \coth x - 1

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    log_start : array (R, K)
        log P at the lower end of each gap, -inf for 0.
    log_end : array (R, K)
        log P at its upper end.
    log_mass : array (R, K)
        Logarithm of the mass on each gap; -inf leaves the gap out.
    h : array (R,)
        Bandwidth.
    length : array (R, K)
        Lengths of the gaps, non-negative, in the unit of x.
    log_total : array (R,)
        Logarithm of all mass.

    Returns
    -------
    loss : array (R,)
    reach : array (R,)
    grad_length : array (R, K)
    omega_mass : array (R, K)
    omega_below : array (R, K)
    omega_above : array (R, K)
    omega_both : array (R, K)

    Notes
    -----
    Source: derivations/polynomial_kernels.py.
    """
    R = log_start.shape[0]
    K = log_start.shape[1]
    loss = np.empty((R,), log_start.dtype)
    reach = np.empty((R,), log_start.dtype)
    grad_length = np.empty((R, K), log_start.dtype)
    omega_mass = np.empty((R, K), log_start.dtype)
    omega_below = np.empty((R, K), log_start.dtype)
    omega_above = np.empty((R, K), log_start.dtype)
    omega_both = np.empty((R, K), log_start.dtype)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, K, most=R):
            block = _epanechnikov_gaps(log_start[rows], log_end[rows], log_mass[rows], h[rows], length[rows], log_total[rows])
            loss[rows], reach[rows], grad_length[rows], omega_mass[rows], omega_below[rows], omega_above[rows], omega_both[rows] = block
    return loss, reach, grad_length, omega_mass, omega_below, omega_above, omega_both


def _epanechnikov_gaps(log_start, log_end, log_mass, h, length, log_total):
    held = np.where((log_mass == -np.inf), 0, length)
    inverse_h = 1/h
    log_kappa = np.maximum(np.maximum(log_end - 40, log_start - 40), log_mass + 2*np.log(held*inverse_h[:, None]))
    exp_log_end_minus_log_kappa = log_end - log_kappa
    np.exp(exp_log_end_minus_log_kappa, out=exp_log_end_minus_log_kappa)
    exp_log_start_minus_log_kappa = log_start - log_kappa
    np.exp(exp_log_start_minus_log_kappa, out=exp_log_start_minus_log_kappa)
    delta = exp_log_start_minus_log_kappa - exp_log_end_minus_log_kappa
    s = np.sqrt(1 + delta**2 + 2*exp_log_end_minus_log_kappa + 2*exp_log_start_minus_log_kappa)
    log_alpha = np.where((delta < 1), log_start - log_kappa - np.log(1/2 + (1/2)*s - 1/2*delta), np.log((1/2)*delta + (1/2)*s - 1/2))
    log_beta = np.where((delta > -1), log_end - log_kappa - np.log(1/2 + (1/2)*delta + (1/2)*s), np.log((1/2)*s - 1/2 - 1/2*delta))
    x_alpha = (1/2)*np.logaddexp(0, -log_alpha)
    tail_alpha = np.where((x_alpha > 40), 0, 2*x_alpha/np.expm1(2*x_alpha))
    x_alpha_squared = x_alpha**2
    deficit_alpha = np.where((x_alpha < 1/2), x_alpha - x_alpha_squared*(1/3 + x_alpha_squared*(x_alpha_squared*(2/945 + x_alpha_squared*(x_alpha_squared*(2/93555 + x_alpha_squared*(x_alpha_squared*(4/18243225 + x_alpha_squared*(x_alpha_squared*(2.2507846516808993e-9 - 2.2805151204592183e-10*x_alpha_squared) - 2.2214608789979679e-8)) - 1382/638512875)) - 1/4725)) - 1/45)), 1 - tail_alpha)
    x_beta = (1/2)*np.logaddexp(0, -log_beta)
    tail_beta = np.where((x_beta > 40), 0, 2*x_beta/np.expm1(2*x_beta))
    x_beta_squared = x_beta**2
    deficit_beta = np.where((x_beta < 1/2), x_beta - x_beta_squared*(1/3 + x_beta_squared*(x_beta_squared*(2/945 + x_beta_squared*(x_beta_squared*(2/93555 + x_beta_squared*(x_beta_squared*(4/18243225 + x_beta_squared*(x_beta_squared*(2.2507846516808993e-9 - 2.2805151204592183e-10*x_beta_squared) - 2.2214608789979679e-8)) - 1382/638512875)) - 1/4725)) - 1/45)), 1 - tail_beta)
    mean = log_kappa + np.logaddexp(0, log_alpha) + np.logaddexp(0, log_beta) - deficit_alpha - deficit_beta
    excess = np.where((length == 0) | (log_mass == -np.inf), 0, mean - log_total[:, None])
    reach = np.sum(held, 1)
    inverse_reach = 1/reach
    unit = np.log(held*inverse_reach[:, None])
    raw_loss = np.sum(excess*held, 1)
    loss = -inverse_reach*raw_loss
    grad_length = np.where((log_mass == -np.inf), 0, inverse_reach[:, None]*(-excess - loss[:, None]))
    omega_mass = np.where((held == 0), -np.inf, unit + np.log(2*x_alpha + 2*x_beta) - log_kappa - np.log(s))
    log_held = np.log(held)
    omega_below = np.where((held == 0), -np.inf, log_held + unit + np.log(deficit_alpha + 2*x_beta - deficit_beta) - log_kappa - np.log(s))
    omega_above = np.where((held == 0), -np.inf, log_held + unit + np.log(deficit_beta + 2*x_alpha - deficit_alpha) - log_kappa - np.log(s))
    omega_both = np.where((held == 0), -np.inf, unit + 2*log_held + np.log((1/2)*np.where((x_alpha < 1/2), x_alpha*(2/3 + x_alpha_squared*(x_alpha_squared*(4/315 + x_alpha_squared*(x_alpha_squared*(4/18711 + x_alpha_squared*(x_alpha_squared*(8/2606175 + x_alpha_squared*(x_alpha_squared*(4.0514123730256187e-8 - 4.5610302409184366e-9*x_alpha_squared) - 3.5543374063967487e-7)) - 5528/212837625)) - 8/4725)) - 4/45)), 1 - (2*np.exp(-2*x_alpha) - 2*tail_alpha)/np.expm1(-2*x_alpha)) + (1/2)*np.where((x_beta < 1/2), x_beta*(2/3 + x_beta_squared*(x_beta_squared*(4/315 + x_beta_squared*(x_beta_squared*(4/18711 + x_beta_squared*(x_beta_squared*(8/2606175 + x_beta_squared*(x_beta_squared*(4.0514123730256187e-8 - 4.5610302409184366e-9*x_beta_squared) - 3.5543374063967487e-7)) - 5528/212837625)) - 8/4725)) - 4/45)), 1 - (2*np.exp(-2*x_beta) - 2*tail_beta)/np.expm1(-2*x_beta))) - log_kappa - np.log(s))
    return loss, reach, grad_length, omega_mass, omega_below, omega_above, omega_both
