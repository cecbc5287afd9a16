# Generated from derivations/cc_contour.py. Do not edit: change the derivation and run `make generate`.
import math

import numpy as np


def _blocks(size, *widths, most=128, numbers=2**16):
    """Slices of `size` places: blocks so small that temporaries stay in cache and sums short enough to lose no digits."""
    at_once = max(1, min(size, most, numbers // max(1, math.prod(widths))))
    return [slice(start, min(start + at_once, size)) for start in range(0, max(1, size), at_once)]


def _max(x, axis):
    """The maximum, never below the lowest finite number: so that a row of -inf minus its maximum is -inf, not NaN."""
    return np.max(x, axis, initial=np.finfo(x.dtype).min)


def _accumulate(total, rest, part):
    """(total + part, what rounding has taken from it): given back with the next part. The first total is the number 0."""
    if isinstance(total, int):
        return part, 0
    whole = part - rest
    raised = total + whole
    return raised, np.where(np.isfinite(raised), (raised - total) - whole, 0)


def _sum(x, axis):
    """The sum along an axis that is not the last, in pairs: numpy would add its terms one after another, and equal ones are rounded alike."""
    x = np.moveaxis(x, axis, 0)
    while len(x) > 8:
        half = len(x) // 2
        paired = x[:half] + x[half : 2 * half]
        if len(x) % 2:
            paired[0] += x[-1]
        x = paired
    return x.sum(0)


def _remainder(x, y, axis):
    """Real and imaginary part of the sum of xi - log(1 + xi) along an axis, xi = x + iy.

    Two terms share a logarithm, that of their product: more would save little, numpy's logarithm being vector code.
    """
    x, y = np.moveaxis(x, axis, 0), np.moveaxis(y, axis, 0)
    half = (len(x) + 1) // 2
    a, b, x, y = x[:half], y[:half], x[half:], y[half:]
    first_x, first_y = a.copy(), b.copy()  # the last one stays alone where their number is odd
    first_x[: len(x)] += x
    first_y[: len(y)] += y
    product_x, product_y = first_x.copy(), first_y.copy()  # (1 + a + ib)(1 + x + iy) - 1
    a, b = a[: len(x)], b[: len(y)]
    product_x[: len(x)] += a * x - b * y
    product_y[: len(y)] += a * y + b * x
    modulus = 2 + product_x
    modulus *= product_x
    modulus += product_y * product_y
    first_x -= np.log1p(modulus, out=modulus) / 2
    product_x += 1
    first_y -= np.arctan2(product_y, product_x, out=product_y)
    return _sum(first_x, 0), _sum(first_y, 0)


def _cos(x):
    """cos x by tan(x/2), within one unit in the last place of 1: numpy's tangent is vector code, its cosine is not."""
    square = np.tan(x / 2)
    square *= square
    return (1 - square) / (1 + square)


def _sin(x):
    """sin x, likewise."""
    t = np.tan(x / 2)
    return 2 * t / (1 + t * t)


def _upper(x):
    """x, rounded to the upper half of its digits."""
    wide = x * x.dtype.type(2**27 + 1 if x.itemsize == 8 else 2**12 + 1)
    return wide - (wide - x)


def _coarse(x):
    """x, rounded to a multiple of 2^-26, or of 2^-12 in float32."""
    grid = x.dtype.type(1.5 * 2**26 if x.itemsize == 8 else 1.5 * 2**11)
    return (x + grid) - grid


def saddle_start(eta, size):
    r"""Gaps, and two steps towards the saddle from a start below it: the top category and the mean of the others.

    .. math::

        g_{r,k} = \eta_{\max,r} - \eta_{r,k},\qquad \bar g_r = \frac{\sum_k g_{r,k}}{\max(1, D_r - 1)}

        \frac1{\tau^0_r} + \frac{D_r - 1}{\tau^0_r + \bar g_r} = 1,\qquad \tau^0_r \ge 1

        \tau_r = \tau^0_r + \frac{S^0_r (S^0_r - 1)}{Q^0_r} \quad\text{unless}\quad S^0_r - 1 \le \frac{\sigma^0_r}{100}

        S^0_r = \sum_k \frac1{\tau^0_r + g_{r,k}},\qquad Q^0_r = \sum_k \frac1{(\tau^0_r + g_{r,k})^2} = (\sigma^0_r)^2

        \tau'_r \text{ from } \tau_r \text{ likewise},\qquad \sigma_r^2 = Q_r,\qquad \varepsilon_r = \frac{1 - S_r}{\sigma_r}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    eta : array (R, D)
        Natural parameters.
    size : array (R,)
        How many categories there are.

    Returns
    -------
    top : array (R,)
    gap : array (R, D)
    tau : array (R,)
    next_tau : array (R,)
    sigma : array (R,)
    excess : array (R,)

    Notes
    -----
    Source: derivations/cc_contour.py.
    """
    R = eta.shape[0]
    D = eta.shape[1]
    top = np.empty((R,), eta.dtype)
    gap = np.empty((R, D), eta.dtype)
    tau = np.empty((R,), eta.dtype)
    next_tau = np.empty((R,), eta.dtype)
    sigma = np.empty((R,), eta.dtype)
    excess = np.empty((R,), eta.dtype)
    all_ks = _blocks(D, most=2**14)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, all_ks[0].stop, most=R):
            block = _saddle_start(eta[rows], size[rows], all_ks)
            top[rows], gap[rows], tau[rows], next_tau[rows], sigma[rows], excess[rows] = block
    return top, gap, tau, next_tau, sigma, excess


def _saddle_start(eta, size, all_ks):
    top = np.finfo(eta.dtype).min
    for ks in all_ks:
        top = np.maximum(top, _max(eta[:, ks], 1))
    raw_mean_gap = raw_mean_gap_rest = 0
    all_gap = []
    for ks in all_ks:
        gap = top[:, None] - eta[:, ks]
        raw_mean_gap, raw_mean_gap_rest = _accumulate(raw_mean_gap, raw_mean_gap_rest, np.sum(gap, 1))
        all_gap.append(gap)
    gap = np.concatenate(all_gap, 1)
    mean_gap = raw_mean_gap/np.maximum(size - 1, 1)
    inverse_mean_gap = 1/mean_gap
    first_tau = np.maximum(np.where((mean_gap > size), 2/(1 + np.sqrt((1 - inverse_mean_gap*size)**2 + 4*inverse_mean_gap) - inverse_mean_gap*size), (1/2)*size + (1/2)*np.sqrt((size - mean_gap)**2 + 4*mean_gap) - 1/2*mean_gap), 1)
    S_at_start = S_at_start_rest = 0
    Q_at_start = Q_at_start_rest = 0
    all_gap = []
    for ks in all_ks:
        gap = top[:, None] - eta[:, ks]
        m_at_start = 1/(first_tau[:, None] + gap)
        S_at_start, S_at_start_rest = _accumulate(S_at_start, S_at_start_rest, np.sum(m_at_start, 1))
        Q_at_start, Q_at_start_rest = _accumulate(Q_at_start, Q_at_start_rest, np.sum(m_at_start**2, 1))
        all_gap.append(gap)
    gap = np.concatenate(all_gap, 1)
    sigma_at_start = np.sqrt(Q_at_start)
    tau = np.where((S_at_start <= 1 + (1/100)*sigma_at_start), first_tau, first_tau + S_at_start*(S_at_start - 1)/Q_at_start)
    S = S_rest = 0
    Q = Q_rest = 0
    all_gap = []
    for ks in all_ks:
        gap = top[:, None] - eta[:, ks]
        m = 1/(gap + tau[:, None])
        S, S_rest = _accumulate(S, S_rest, np.sum(m, 1))
        Q, Q_rest = _accumulate(Q, Q_rest, np.sum(m**2, 1))
        all_gap.append(gap)
    gap = np.concatenate(all_gap, 1)
    own_sigma = np.sqrt(Q)
    next_tau = np.where((S <= 1 + (1/100)*own_sigma), tau, tau + S*(S - 1)/Q)
    sigma = own_sigma
    excess = (1 - S)/own_sigma
    return top, gap, tau, next_tau, sigma, excess


def saddle_step(gap, tau):
    r"""A Newton step towards the saddle; a row that is near enough stays where it is.

    .. math::

        {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}

        {S}_{r} = \sum_{k=0}^{D - 1} {m}_{r,k}

        {Q}_{r} = \sum_{k=0}^{D - 1} {m}_{r,k}^{2}

        {\sigma}_{r} = \sqrt{{Q}_{r}}

        {\tau'}_{r} = \begin{cases} {\tau}_{r} & \text{for}\: {S}_{r} \leq \frac{{\sigma}_{r}}{100} + 1 \\\frac{\left({S}_{r} - 1\right) {S}_{r}}{{Q}_{r}} + {\tau}_{r} & \text{otherwise} \end{cases}

        {\sigma}_{r} = {\sigma}_{r}

        {\varepsilon}_{r} = \frac{1 - {S}_{r}}{{\sigma}_{r}}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Gaps max(eta) - eta below the largest parameter; +inf for a category of weight zero.
    tau : array (R,)
        Where the path crosses the real axis, beside the saddle: distance above max(eta).

    Returns
    -------
    next_tau : array (R,)
    sigma : array (R,)
    excess : array (R,)

    Notes
    -----
    Source: derivations/cc_contour.py.
    """
    R = gap.shape[0]
    D = gap.shape[1]
    next_tau = np.empty((R,), gap.dtype)
    sigma = np.empty((R,), gap.dtype)
    excess = np.empty((R,), gap.dtype)
    all_ks = _blocks(D, most=2**14)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, all_ks[0].stop, most=R):
            block = _saddle_step(gap[rows], tau[rows], all_ks)
            next_tau[rows], sigma[rows], excess[rows] = block
    return next_tau, sigma, excess


def _saddle_step(gap, tau, all_ks):
    S = S_rest = 0
    Q = Q_rest = 0
    for ks in all_ks:
        m = 1/(gap[:, ks] + tau[:, None])
        S, S_rest = _accumulate(S, S_rest, np.sum(m, 1))
        Q, Q_rest = _accumulate(Q, Q_rest, np.sum(m**2, 1))
    own_sigma = np.sqrt(Q)
    next_tau = np.where((S <= 1 + (1/100)*own_sigma), tau, tau + S*(S - 1)/Q)
    sigma = own_sigma
    excess = (1 - S)/own_sigma
    return next_tau, sigma, excess


def saddle_excess(eta, top, tau):
    r"""1 - sum of 1/(tau + max(eta) - eta), free of rounding errors until the last digit.

    .. math::

        1-S_r = 1 - \sum_k \frac{1}{\tau_r + \eta_{\max,r} - \eta_{r,k}}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    eta : array (R, D)
        Natural parameters.
    top : array (R,)
        Their maximum.
    tau : array (R,)
        Where the path crosses the real axis, beside the saddle: distance above max(eta).

    Returns
    -------
    missing : array (R,)

    Notes
    -----
    Source: derivations/cc_contour.py.
    """
    R = eta.shape[0]
    D = eta.shape[1]
    missing = np.empty((R,), eta.dtype)
    all_ks = _blocks(D, most=2**14)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, all_ks[0].stop, most=R):
            block = _saddle_excess(eta[rows], top[rows], tau[rows], all_ks)
            missing[rows], = block
    return missing,


def _saddle_excess(eta, top, tau, all_ks):
    high_sum = high_sum_rest = 0
    low_sum = low_sum_rest = 0
    for ks in all_ks:
        gap_sum = top[:, None] - eta[:, ks]
        gap_back = gap_sum - top[:, None]
        gap_left = gap_sum - gap_back
        gap_lost = top[:, None] - gap_left
        gap_right = -eta[:, ks] - gap_back
        gap_error = gap_lost + gap_right
        distance_sum = gap_sum + tau[:, None]
        distance_back = distance_sum - tau[:, None]
        distance_left = distance_sum - distance_back
        distance_lost = tau[:, None] - distance_left
        distance_right = gap_sum - distance_back
        distance_error = distance_lost + distance_right
        m = 1/distance_sum
        m_high = _coarse(m)
        d_high = _upper(distance_sum)
        d_low = distance_sum - d_high
        near_one = 1 - d_high*m_high
        remaining = near_one - d_low*m_high
        m_low = np.where((m_high == 0), m, m*(remaining - m_high*(distance_error + gap_error)))
        high_sum, high_sum_rest = _accumulate(high_sum, high_sum_rest, np.sum(m_high, 1))
        low_sum, low_sum_rest = _accumulate(low_sum, low_sum_rest, np.sum(m_low, 1))
    not_high = 1 - high_sum
    missing = not_high - low_sum
    return missing,


def log_partition(gap, tau, sigma, excess, zeta_x, zeta_y, w_x, w_y):
    r"""log Z relative to max(eta).

    .. math::

        {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}

        {p}_{r,k} = \frac{{m}_{r,k}}{{\sigma}_{r}}

        {\xi^{x}}_{r,k,n} = {p}_{r,k} {\zeta^{x}}_{n}

        {\xi^{y}}_{r,k,n} = {p}_{r,k} {\zeta^{y}}_{n}

        {\Phi^{x}}_{r,n} = \Re \sum_{k} \varphi\left({\xi^{x}}_{r,k,n} + i\,{\xi^{y}}_{r,k,n}\right)

        {\Phi^{y}}_{r,n} = \Im \sum_{k} \varphi\left({\xi^{x}}_{r,k,n} + i\,{\xi^{y}}_{r,k,n}\right)

        {H^{x}}_{r,n} = {\varepsilon}_{r} {\zeta^{x}}_{n} + {\Phi^{x}}_{r,n}

        {H^{y}}_{r,n} = {\varepsilon}_{r} {\zeta^{y}}_{n} + {\Phi^{y}}_{r,n}

        {e^{\Re H}}_{r,n} = e^{{H^{x}}_{r,n}}

        {W^{x}}_{r,n} = \left(- \sin{\left({H^{y}}_{r,n} \right)} {w^{y}}_{n} + \cos{\left({H^{y}}_{r,n} \right)} {w^{x}}_{n}\right) {e^{\Re H}}_{r,n}

        {W^{y}}_{r,n} = \left(\sin{\left({H^{y}}_{r,n} \right)} {w^{x}}_{n} + \cos{\left({H^{y}}_{r,n} \right)} {w^{y}}_{n}\right) {e^{\Re H}}_{r,n}

        {F}_{r} = \sum_{n=0}^{N - 1} {W^{x}}_{r,n}

        {\log Z}_{r} = \log{\left({F}_{r} \right)} - \log{\left({\sigma}_{r} \right)} + {\tau}_{r} - \sum_{k=0}^{D - 1} \log{\left({g}_{r,k} + {\tau}_{r} \right)}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Gaps max(eta) - eta below the largest parameter; +inf for a category of weight zero.
    tau : array (R,)
        Where the path crosses the real axis, beside the saddle: distance above max(eta).
    sigma : array (R,)
        Root of the sum of 1/(tau + gap)^2 over all categories of the row.
    excess : array (R,)
        (1 - sum of 1/(tau + gap))/sigma over all categories of the row.
    zeta_x : array (N,)
        Nodes, real part.
    zeta_y : array (N,)
        Nodes, imaginary part.
    w_x : array (N,)
        Weights of the rule, real part.
    w_y : array (N,)
        Weights of the rule, imaginary part.

    Returns
    -------
    log_Z : array (R,)

    Notes
    -----
    Source: derivations/cc_contour.py.
    """
    R = gap.shape[0]
    D = gap.shape[1]
    N = zeta_x.shape[0]
    log_Z = np.empty((R,), gap.dtype)
    all_nodes = _blocks(N, D)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, D, all_nodes[0].stop, most=R):
            block = _log_partition(gap[rows], tau[rows], sigma[rows], excess[rows], zeta_x, zeta_y, w_x, w_y, all_nodes)
            log_Z[rows], = block
    return log_Z,


def _log_partition(gap, tau, sigma, excess, zeta_x, zeta_y, w_x, w_y, all_nodes):
    gap_plus_tau = gap + tau[:, None]
    m = 1/gap_plus_tau
    inverse_sigma = 1/sigma
    p = inverse_sigma[:, None]*m
    raw_log_Z = np.sum(np.log(gap_plus_tau), 1)
    F = 0
    for nodes in all_nodes:
        xi_x = p[:, :, None]*zeta_x[nodes]
        xi_y = p[:, :, None]*zeta_y[nodes]
        remainder_x, remainder_y = _remainder(xi_x, xi_y, 1)
        H_x = remainder_x + excess[:, None]*zeta_x[nodes]
        H_y = remainder_y + excess[:, None]*zeta_y[nodes]
        height = np.exp(H_x)
        cos_H_y = _cos(H_y)
        sin_H_y = _sin(H_y)
        W_x = height*(cos_H_y*w_x[nodes] - sin_H_y*w_y[nodes])
        F += np.sum(W_x, 1)
    log_Z = tau + np.log(F) - raw_log_Z - np.log(sigma)
    return log_Z,


def log_partition_and_mean(gap, tau, sigma, excess, zeta_x, zeta_y, w_x, w_y):
    r"""log Z relative to max(eta), and the means.

    .. math::

        {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}

        {p}_{r,k} = \frac{{m}_{r,k}}{{\sigma}_{r}}

        {\xi^{x}}_{r,k,n} = {p}_{r,k} {\zeta^{x}}_{n}

        {\xi^{y}}_{r,k,n} = {p}_{r,k} {\zeta^{y}}_{n}

        {\Phi^{x}}_{r,n} = \Re \sum_{k} \varphi\left({\xi^{x}}_{r,k,n} + i\,{\xi^{y}}_{r,k,n}\right)

        {\Phi^{y}}_{r,n} = \Im \sum_{k} \varphi\left({\xi^{x}}_{r,k,n} + i\,{\xi^{y}}_{r,k,n}\right)

        {H^{x}}_{r,n} = {\varepsilon}_{r} {\zeta^{x}}_{n} + {\Phi^{x}}_{r,n}

        {H^{y}}_{r,n} = {\varepsilon}_{r} {\zeta^{y}}_{n} + {\Phi^{y}}_{r,n}

        {e^{\Re H}}_{r,n} = e^{{H^{x}}_{r,n}}

        {W^{x}}_{r,n} = \left(- \sin{\left({H^{y}}_{r,n} \right)} {w^{y}}_{n} + \cos{\left({H^{y}}_{r,n} \right)} {w^{x}}_{n}\right) {e^{\Re H}}_{r,n}

        {W^{y}}_{r,n} = \left(\sin{\left({H^{y}}_{r,n} \right)} {w^{x}}_{n} + \cos{\left({H^{y}}_{r,n} \right)} {w^{y}}_{n}\right) {e^{\Re H}}_{r,n}

        {F}_{r} = \sum_{n=0}^{N - 1} {W^{x}}_{r,n}

        {b}_{r,k,n} = {\xi^{x}}_{r,k,n} + 1

        {q}_{r,k,n} = {b}_{r,k,n}^{2} + {\xi^{y}}_{r,k,n}^{2}

        {\log Z}_{r} = \log{\left({F}_{r} \right)} - \log{\left({\sigma}_{r} \right)} + {\tau}_{r} - \sum_{k=0}^{D - 1} \log{\left({g}_{r,k} + {\tau}_{r} \right)}

        {\mu}_{r,k} = \frac{{m}_{r,k} \sum_{n=0}^{N - 1} \frac{{W^{x}}_{r,n} {b}_{r,k,n} + {W^{y}}_{r,n} {\xi^{y}}_{r,k,n}}{{q}_{r,k,n}}}{{F}_{r}}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Gaps max(eta) - eta below the largest parameter; +inf for a category of weight zero.
    tau : array (R,)
        Where the path crosses the real axis, beside the saddle: distance above max(eta).
    sigma : array (R,)
        Root of the sum of 1/(tau + gap)^2 over all categories of the row.
    excess : array (R,)
        (1 - sum of 1/(tau + gap))/sigma over all categories of the row.
    zeta_x : array (N,)
        Nodes, real part.
    zeta_y : array (N,)
        Nodes, imaginary part.
    w_x : array (N,)
        Weights of the rule, real part.
    w_y : array (N,)
        Weights of the rule, imaginary part.

    Returns
    -------
    log_Z : array (R,)
    mean : array (R, D)

    Notes
    -----
    Source: derivations/cc_contour.py.
    """
    R = gap.shape[0]
    D = gap.shape[1]
    N = zeta_x.shape[0]
    log_Z = np.empty((R,), gap.dtype)
    mean = np.empty((R, D), gap.dtype)
    all_nodes = _blocks(N, D)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, D, all_nodes[0].stop, most=R):
            block = _log_partition_and_mean(gap[rows], tau[rows], sigma[rows], excess[rows], zeta_x, zeta_y, w_x, w_y, all_nodes)
            log_Z[rows], mean[rows] = block
    return log_Z, mean


def _log_partition_and_mean(gap, tau, sigma, excess, zeta_x, zeta_y, w_x, w_y, all_nodes):
    gap_plus_tau = gap + tau[:, None]
    m = 1/gap_plus_tau
    inverse_sigma = 1/sigma
    p = inverse_sigma[:, None]*m
    raw_log_Z = np.sum(np.log(gap_plus_tau), 1)
    F = 0
    raw_mean = 0
    for nodes in all_nodes:
        xi_x = p[:, :, None]*zeta_x[nodes]
        xi_y = p[:, :, None]*zeta_y[nodes]
        remainder_x, remainder_y = _remainder(xi_x, xi_y, 1)
        H_x = remainder_x + excess[:, None]*zeta_x[nodes]
        H_y = remainder_y + excess[:, None]*zeta_y[nodes]
        height = np.exp(H_x)
        cos_H_y = _cos(H_y)
        sin_H_y = _sin(H_y)
        W_x = height*(cos_H_y*w_x[nodes] - sin_H_y*w_y[nodes])
        W_y = height*(cos_H_y*w_y[nodes] + sin_H_y*w_x[nodes])
        F += np.sum(W_x, 1)
        b = 1 + xi_x
        q = b**2 + xi_y**2
        raw_mean += np.sum((W_x[:, None, :]*b + W_y[:, None, :]*xi_y)/q, 2)
    log_Z = tau + np.log(F) - raw_log_Z - np.log(sigma)
    inverse_F = 1/F
    mean = inverse_F[:, None]*m*raw_mean
    return log_Z, mean


def log_partition_mean_and_weights(gap, tau, sigma, excess, zeta_x, zeta_y, w_x, w_y, rest_x, rest_y, rest_log):
    r"""log Z relative to max(eta), means beside other categories, and the weighted integrand at the nodes.

    .. math::

        \log Z_r = \tau_r - \sum_k\log(\tau_r + g_{r,k}) - \Lambda'_r - \log\sigma_r + \log F_r

        W_{r,n} = w_n \exp\Big(\varepsilon_r\zeta_n + \Phi'_{r,n} + \sum_k\varphi(p_{r,k}\zeta_n)\Big),\qquad F_r = \operatorname{Re}\sum_n W_{r,n}

        \mu_{r,k} = \frac{m_{r,k}}{F_r} \operatorname{Re}\sum_n \frac{W_{r,n}}{1 + p_{r,k}\zeta_n}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Gaps max(eta) - eta below the largest parameter; +inf for a category of weight zero.
    tau : array (R,)
        Where the path crosses the real axis, beside the saddle: distance above max(eta).
    sigma : array (R,)
        Root of the sum of 1/(tau + gap)^2 over all categories of the row.
    excess : array (R,)
        (1 - sum of 1/(tau + gap))/sigma over all categories of the row.
    zeta_x : array (N,)
        Nodes, real part.
    zeta_y : array (N,)
        Nodes, imaginary part.
    w_x : array (N,)
        Weights of the rule, real part.
    w_y : array (N,)
        Weights of the rule, imaginary part.
    rest_x : array (R, N)
        Exponent at the nodes of the categories of the row that are not among these; real part.
    rest_y : array (R, N)
        Its imaginary part.
    rest_log : array (R,)
        Their sum of log(tau + gap).

    Returns
    -------
    log_Z : array (R,)
    mean : array (R, D)
    F : array (R,)
    W_x : array (R, N)
    W_y : array (R, N)

    Notes
    -----
    Source: derivations/cc_contour.py.
    """
    R = gap.shape[0]
    D = gap.shape[1]
    N = zeta_x.shape[0]
    log_Z = np.empty((R,), gap.dtype)
    mean = np.empty((R, D), gap.dtype)
    F = np.empty((R,), gap.dtype)
    W_x = np.empty((R, N), gap.dtype)
    W_y = np.empty((R, N), gap.dtype)
    all_nodes = _blocks(N, D)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, D, all_nodes[0].stop, most=R):
            block = _log_partition_mean_and_weights(gap[rows], tau[rows], sigma[rows], excess[rows], zeta_x, zeta_y, w_x, w_y, rest_x[rows], rest_y[rows], rest_log[rows], all_nodes)
            log_Z[rows], mean[rows], F[rows], W_x[rows], W_y[rows] = block
    return log_Z, mean, F, W_x, W_y


def _log_partition_mean_and_weights(gap, tau, sigma, excess, zeta_x, zeta_y, w_x, w_y, rest_x, rest_y, rest_log, all_nodes):
    gap_plus_tau = gap + tau[:, None]
    m = 1/gap_plus_tau
    inverse_sigma = 1/sigma
    p = inverse_sigma[:, None]*m
    raw_log_Z = np.sum(np.log(gap_plus_tau), 1)
    F = 0
    raw_mean = 0
    all_W_x = []
    all_W_y = []
    for nodes in all_nodes:
        xi_x = p[:, :, None]*zeta_x[nodes]
        xi_y = p[:, :, None]*zeta_y[nodes]
        two_plus = 2 + xi_x
        xi_y_squared = xi_y**2
        norm = xi_y_squared + two_plus**2
        inverse_norm = 1/norm
        xi_y_squared_plus_two_plus_xi_x = xi_y_squared + two_plus*xi_x
        s_x = inverse_norm*xi_y_squared_plus_two_plus_xi_x
        s_y = 2*inverse_norm*xi_y
        t_x = s_x**2 - s_y**2
        t_y = 2*s_x*s_y
        series_10_x = 1/21 + (1/23)*t_x
        series_10_y = (1/23)*t_y
        series_9_x = 1/19 + series_10_x*t_x - series_10_y*t_y
        series_9_y = series_10_x*t_y + series_10_y*t_x
        series_8_x = 1/17 + series_9_x*t_x - series_9_y*t_y
        series_8_y = series_9_x*t_y + series_9_y*t_x
        series_7_x = 1/15 + series_8_x*t_x - series_8_y*t_y
        series_7_y = series_8_x*t_y + series_8_y*t_x
        series_6_x = 1/13 + series_7_x*t_x - series_7_y*t_y
        series_6_y = series_7_x*t_y + series_7_y*t_x
        series_5_x = 1/11 + series_6_x*t_x - series_6_y*t_y
        series_5_y = series_6_x*t_y + series_6_y*t_x
        series_4_x = 1/9 + series_5_x*t_x - series_5_y*t_y
        series_4_y = series_5_x*t_y + series_5_y*t_x
        series_3_x = 1/7 + series_4_x*t_x - series_4_y*t_y
        series_3_y = series_4_x*t_y + series_4_y*t_x
        series_2_x = 1/5 + series_3_x*t_x - series_3_y*t_y
        series_2_y = series_3_x*t_y + series_3_y*t_x
        series_1_x = 1/3 + series_2_x*t_x - series_2_y*t_y
        series_1_y = series_2_x*t_y + series_2_y*t_x
        remaining_x = xi_x + 2*series_1_y*t_y - 2*series_1_x*t_x
        remaining_y = xi_y - 2*series_1_x*t_y - 2*series_1_y*t_x
        phi_x = np.where((s_x**2 + s_y**2 < 1/25), remaining_x*s_x - remaining_y*s_y, xi_x - 1/2*np.log1p(xi_y_squared_plus_two_plus_xi_x))
        b = 1 + xi_x
        phi_y = np.where((s_x**2 + s_y**2 < 1/25), remaining_x*s_y + remaining_y*s_x, xi_y - np.arctan2(xi_y, b))
        remainder_x = _sum(phi_x, 1)
        remainder_y = _sum(phi_y, 1)
        H_x = remainder_x + rest_x[:, nodes] + excess[:, None]*zeta_x[nodes]
        H_y = remainder_y + rest_y[:, nodes] + excess[:, None]*zeta_y[nodes]
        height = np.exp(H_x)
        q = xi_y_squared + b**2
        cos_H_y = _cos(H_y)
        sin_H_y = _sin(H_y)
        W_x = height*(cos_H_y*w_x[nodes] - sin_H_y*w_y[nodes])
        F += np.sum(W_x, 1)
        W_y = height*(cos_H_y*w_y[nodes] + sin_H_y*w_x[nodes])
        raw_mean += np.sum((W_x[:, None, :]*b + W_y[:, None, :]*xi_y)/q, 2)
        all_W_x.append(W_x)
        all_W_y.append(W_y)
    W_x = np.concatenate(all_W_x, 1)
    W_y = np.concatenate(all_W_y, 1)
    log_Z = tau + np.log(F) - raw_log_Z - rest_log - np.log(sigma)
    inverse_F = 1/F
    mean = inverse_F[:, None]*m*raw_mean
    return log_Z, mean, F, W_x, W_y


def variances(gap, tau, sigma, mean, F, W_x, W_y, zeta_x, zeta_y):
    r"""The variance of each category.

    .. math::

        {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}

        {p}_{r,k} = \frac{{m}_{r,k}}{{\sigma}_{r}}

        {\xi^{x}}_{r,k,n} = {p}_{r,k} {\zeta^{x}}_{n}

        {\xi^{y}}_{r,k,n} = {p}_{r,k} {\zeta^{y}}_{n}

        {b}_{r,k,n} = {\xi^{x}}_{r,k,n} + 1

        {q}_{r,k,n} = {b}_{r,k,n}^{2} + {\xi^{y}}_{r,k,n}^{2}

        {V^{x}}_{r,n} = \frac{{W^{x}}_{r,n}}{{F}_{r}}

        {V^{y}}_{r,n} = \frac{{W^{y}}_{r,n}}{{F}_{r}}

        {a^{x}}_{r,k,n} = \frac{{b}_{r,k,n} {m}_{r,k}}{{q}_{r,k,n}}

        {a^{y}}_{r,k,n} = - \frac{{m}_{r,k} {\xi^{y}}_{r,k,n}}{{q}_{r,k,n}}

        {\tilde a}_{r,k,n} = {a^{x}}_{r,k,n} - {\mu}_{r,k}

        {\operatorname{Var}}_{r,k} = \sum_{n=0}^{N - 1} \left(\left({\tilde a}_{r,k,n}^{2} - {a^{y}}_{r,k,n}^{2}\right) {V^{x}}_{r,n} + \left({a^{x}}_{r,k,n}^{2} - {a^{y}}_{r,k,n}^{2}\right) {V^{x}}_{r,n} - 2 {V^{y}}_{r,n} {\tilde a}_{r,k,n} {a^{y}}_{r,k,n} - 2 {V^{y}}_{r,n} {a^{x}}_{r,k,n} {a^{y}}_{r,k,n}\right)

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Gaps max(eta) - eta below the largest parameter; +inf for a category of weight zero.
    tau : array (R,)
        Where the path crosses the real axis, beside the saddle: distance above max(eta).
    sigma : array (R,)
        Root of the sum of 1/(tau + gap)^2 over all categories of the row.
    mean : array (R, D)
        Means.
    F : array (R,)
        Sum of W_x.
    W_x : array (R, N)
        Weighted integrand, real part.
    W_y : array (R, N)
        Its imaginary part.
    zeta_x : array (N,)
        Nodes, real part.
    zeta_y : array (N,)
        Nodes, imaginary part.

    Returns
    -------
    variance : array (R, D)

    Notes
    -----
    Source: derivations/cc_contour.py.
    """
    R = gap.shape[0]
    D = gap.shape[1]
    N = W_x.shape[1]
    variance = np.empty((R, D), gap.dtype)
    all_nodes = _blocks(N, D)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, D, all_nodes[0].stop, most=R):
            block = _variances(gap[rows], tau[rows], sigma[rows], mean[rows], F[rows], W_x[rows], W_y[rows], zeta_x, zeta_y, all_nodes)
            variance[rows], = block
    return variance,


def _variances(gap, tau, sigma, mean, F, W_x, W_y, zeta_x, zeta_y, all_nodes):
    m = 1/(gap + tau[:, None])
    inverse_sigma = 1/sigma
    p = inverse_sigma[:, None]*m
    inverse_F = 1/F
    variance = 0
    for nodes in all_nodes:
        xi_x = p[:, :, None]*zeta_x[nodes]
        xi_y = p[:, :, None]*zeta_y[nodes]
        b = 1 + xi_x
        q = b**2 + xi_y**2
        V_x = W_x[:, nodes]*inverse_F[:, None]
        V_y = W_y[:, nodes]*inverse_F[:, None]
        inverse_q = 1/q
        a_x = b*inverse_q*m[:, :, None]
        a_y = -inverse_q*m[:, :, None]*xi_y
        a_centred = a_x - mean[:, :, None]
        variance += np.sum(V_x[:, None, :]*(a_centred**2 - a_y**2) + V_x[:, None, :]*(a_x**2 - a_y**2) - 2*V_y[:, None, :]*a_centred*a_y - 2*V_y[:, None, :]*a_x*a_y, 2)
    return variance,


def covariance_matvec(gap, tau, sigma, mean, F, W_x, W_y, zeta_x, zeta_y, v):
    r"""The covariance matrix times a vector.

    .. math::

        {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}

        {p}_{r,k} = \frac{{m}_{r,k}}{{\sigma}_{r}}

        {\xi^{x}}_{r,k,n} = {p}_{r,k} {\zeta^{x}}_{n}

        {\xi^{y}}_{r,k,n} = {p}_{r,k} {\zeta^{y}}_{n}

        {b}_{r,k,n} = {\xi^{x}}_{r,k,n} + 1

        {q}_{r,k,n} = {b}_{r,k,n}^{2} + {\xi^{y}}_{r,k,n}^{2}

        {V^{x}}_{r,n} = \frac{{W^{x}}_{r,n}}{{F}_{r}}

        {V^{y}}_{r,n} = \frac{{W^{y}}_{r,n}}{{F}_{r}}

        {a^{x}}_{r,k,n} = \frac{{b}_{r,k,n} {m}_{r,k}}{{q}_{r,k,n}}

        {a^{y}}_{r,k,n} = - \frac{{m}_{r,k} {\xi^{y}}_{r,k,n}}{{q}_{r,k,n}}

        {\tilde a}_{r,k,n} = {a^{x}}_{r,k,n} - {\mu}_{r,k}

        {d^{x}}_{r,k,n} = \frac{{b}_{r,k,n} {m}_{r,k}}{{q}_{r,k,n}}

        {d^{y}}_{r,k,n} = - \frac{{m}_{r,k} {\xi^{y}}_{r,k,n}}{{q}_{r,k,n}}

        {\tilde d}_{r,k,n} = {d^{x}}_{r,k,n} - {\mu}_{r,k}

        {c^{x}}_{r,n} = \sum_{k=0}^{D - 1} {\tilde a}_{r,k,n} {v}_{r,k}

        {c^{y}}_{r,n} = \sum_{k=0}^{D - 1} {a^{y}}_{r,k,n} {v}_{r,k}

        {(\operatorname{Cov}v)}_{r,k} = \sum_{n=0}^{N - 1} \left(\left(\left({d^{x}}_{r,k,n}^{2} - {d^{y}}_{r,k,n}^{2}\right) {V^{x}}_{r,n} - 2 {V^{y}}_{r,n} {d^{x}}_{r,k,n} {d^{y}}_{r,k,n}\right) {v}_{r,k} + \left({c^{x}}_{r,n} {\tilde d}_{r,k,n} - {c^{y}}_{r,n} {d^{y}}_{r,k,n}\right) {V^{x}}_{r,n} - \left({c^{x}}_{r,n} {d^{y}}_{r,k,n} + {c^{y}}_{r,n} {\tilde d}_{r,k,n}\right) {V^{y}}_{r,n}\right)

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Gaps max(eta) - eta below the largest parameter; +inf for a category of weight zero.
    tau : array (R,)
        Where the path crosses the real axis, beside the saddle: distance above max(eta).
    sigma : array (R,)
        Root of the sum of 1/(tau + gap)^2 over all categories of the row.
    mean : array (R, D)
        Means.
    F : array (R,)
        Sum of W_x.
    W_x : array (R, N)
        Weighted integrand, real part.
    W_y : array (R, N)
        Its imaginary part.
    zeta_x : array (N,)
        Nodes, real part.
    zeta_y : array (N,)
        Nodes, imaginary part.
    v : array (R, D)
        The vector.

    Returns
    -------
    product : array (R, D)

    Notes
    -----
    Source: derivations/cc_contour.py.
    """
    R = gap.shape[0]
    D = gap.shape[1]
    N = W_x.shape[1]
    product = np.empty((R, D), gap.dtype)
    all_nodes = _blocks(N, D)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, D, all_nodes[0].stop, most=R):
            block = _covariance_matvec(gap[rows], tau[rows], sigma[rows], mean[rows], F[rows], W_x[rows], W_y[rows], zeta_x, zeta_y, v[rows], all_nodes)
            product[rows], = block
    return product,


def _covariance_matvec(gap, tau, sigma, mean, F, W_x, W_y, zeta_x, zeta_y, v, all_nodes):
    m = 1/(gap + tau[:, None])
    inverse_sigma = 1/sigma
    p = inverse_sigma[:, None]*m
    inverse_F = 1/F
    product = 0
    for nodes in all_nodes:
        xi_x = p[:, :, None]*zeta_x[nodes]
        xi_y = p[:, :, None]*zeta_y[nodes]
        b = 1 + xi_x
        q = b**2 + xi_y**2
        V_x = W_x[:, nodes]*inverse_F[:, None]
        V_y = W_y[:, nodes]*inverse_F[:, None]
        inverse_q = 1/q
        b_over_q = b*inverse_q
        d_x = b_over_q*m[:, :, None]
        a_x = d_x
        xi_y_over_q = inverse_q*xi_y
        a_y = -m[:, :, None]*xi_y_over_q
        a_centred = a_x - mean[:, :, None]
        d_y = -m[:, :, None]*xi_y_over_q
        d_centred = d_x - mean[:, :, None]
        c_x = np.einsum("rb,rbj->rj", v, a_centred)
        c_y = np.einsum("rb,rbj->rj", v, a_y)
        product += np.sum(V_x[:, None, :]*(c_x[:, None, :]*d_centred - c_y[:, None, :]*d_y) + v[:, :, None]*(V_x[:, None, :]*(d_x**2 - d_y**2) - 2*V_y[:, None, :]*d_x*d_y) - V_y[:, None, :]*(c_x[:, None, :]*d_y + c_y[:, None, :]*d_centred), 2)
    return product,


def power_sums_10(gap, tau, sigma, zeta_x, zeta_y):
    r"""The exponent at the nodes of small categories, by 9 power sums.

    .. math::

        \Phi'_{r,n} = \sum_{j=2}^{T} \frac{(-1)^j}{j} \Big(\sum_k p_{r,k}^j\Big) \zeta_n^j,\qquad p = \frac{1}{\sigma(\tau + g)}

        \Lambda'_r = \sum_k \log(\tau_r + g_{r,k})

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Gaps max(eta) - eta below the largest parameter; +inf for a category of weight zero.
    tau : array (R,)
        Where the path crosses the real axis, beside the saddle: distance above max(eta).
    sigma : array (R,)
        Root of the sum of 1/(tau + gap)^2 over all categories of the row.
    zeta_x : array (N,)
        Nodes, real part.
    zeta_y : array (N,)
        Nodes, imaginary part.

    Returns
    -------
    rest_x : array (R, N)
    rest_y : array (R, N)
    rest_log : array (R,)

    Notes
    -----
    Source: derivations/cc_contour.py.
    """
    R = gap.shape[0]
    D = gap.shape[1]
    N = zeta_x.shape[0]
    rest_x = np.empty((R, N), gap.dtype)
    rest_y = np.empty((R, N), gap.dtype)
    rest_log = np.empty((R,), gap.dtype)
    all_ks = _blocks(D, most=2**14)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, all_ks[0].stop, most=R):
            block = _power_sums_10(gap[rows], tau[rows], sigma[rows], zeta_x, zeta_y, all_ks)
            rest_x[rows], rest_y[rows], rest_log[rows] = block
    return rest_x, rest_y, rest_log


def _power_sums_10(gap, tau, sigma, zeta_x, zeta_y, all_ks):
    inverse_sigma = 1/sigma
    kappa_2 = kappa_2_rest = 0
    kappa_3 = kappa_3_rest = 0
    kappa_4 = kappa_4_rest = 0
    kappa_5 = kappa_5_rest = 0
    kappa_6 = kappa_6_rest = 0
    kappa_7 = kappa_7_rest = 0
    kappa_8 = kappa_8_rest = 0
    kappa_9 = kappa_9_rest = 0
    kappa_10 = kappa_10_rest = 0
    rest_log = rest_log_rest = 0
    for ks in all_ks:
        gap_plus_tau = gap[:, ks] + tau[:, None]
        m = 1/gap_plus_tau
        p = inverse_sigma[:, None]*m
        power_2 = p**2
        power_3 = p*power_2
        power_4 = power_2**2
        power_5 = power_2*power_3
        kappa_2, kappa_2_rest = _accumulate(kappa_2, kappa_2_rest, np.sum(power_2, 1))
        kappa_3, kappa_3_rest = _accumulate(kappa_3, kappa_3_rest, np.sum(power_3, 1))
        kappa_4, kappa_4_rest = _accumulate(kappa_4, kappa_4_rest, np.sum(power_4, 1))
        kappa_5, kappa_5_rest = _accumulate(kappa_5, kappa_5_rest, np.sum(power_5, 1))
        kappa_6, kappa_6_rest = _accumulate(kappa_6, kappa_6_rest, np.sum(power_3**2, 1))
        kappa_7, kappa_7_rest = _accumulate(kappa_7, kappa_7_rest, np.sum(power_3*power_4, 1))
        kappa_8, kappa_8_rest = _accumulate(kappa_8, kappa_8_rest, np.sum(power_4**2, 1))
        kappa_9, kappa_9_rest = _accumulate(kappa_9, kappa_9_rest, np.sum(power_4*power_5, 1))
        kappa_10, kappa_10_rest = _accumulate(kappa_10, kappa_10_rest, np.sum(power_5**2, 1))
        rest_log, rest_log_rest = _accumulate(rest_log, rest_log_rest, np.sum(np.log(gap_plus_tau), 1))
    horner_10_x = (1/10)*kappa_10[:, None]*zeta_x - 1/9*kappa_9[:, None]
    horner_10_y = (1/10)*kappa_10[:, None]*zeta_y
    horner_9_x = (1/8)*kappa_8[:, None] + horner_10_x*zeta_x - horner_10_y*zeta_y
    horner_9_y = horner_10_x*zeta_y + horner_10_y*zeta_x
    horner_8_x = horner_9_x*zeta_x - 1/7*kappa_7[:, None] - horner_9_y*zeta_y
    horner_8_y = horner_9_x*zeta_y + horner_9_y*zeta_x
    horner_7_x = (1/6)*kappa_6[:, None] + horner_8_x*zeta_x - horner_8_y*zeta_y
    horner_7_y = horner_8_x*zeta_y + horner_8_y*zeta_x
    horner_6_x = horner_7_x*zeta_x - 1/5*kappa_5[:, None] - horner_7_y*zeta_y
    horner_6_y = horner_7_x*zeta_y + horner_7_y*zeta_x
    horner_5_x = (1/4)*kappa_4[:, None] + horner_6_x*zeta_x - horner_6_y*zeta_y
    horner_5_y = horner_6_x*zeta_y + horner_6_y*zeta_x
    horner_4_x = horner_5_x*zeta_x - 1/3*kappa_3[:, None] - horner_5_y*zeta_y
    horner_4_y = horner_5_x*zeta_y + horner_5_y*zeta_x
    horner_3_x = (1/2)*kappa_2[:, None] + horner_4_x*zeta_x - horner_4_y*zeta_y
    horner_3_y = horner_4_x*zeta_y + horner_4_y*zeta_x
    horner_2_x = horner_3_x*zeta_x - horner_3_y*zeta_y
    horner_2_y = horner_3_x*zeta_y + horner_3_y*zeta_x
    horner_1_x = horner_2_x*zeta_x - horner_2_y*zeta_y
    horner_1_y = horner_2_x*zeta_y + horner_2_y*zeta_x
    rest_x = horner_1_x
    rest_y = horner_1_y
    return rest_x, rest_y, rest_log


def power_means_10(gap, tau, sigma, F, W_x, W_y, zeta_x, zeta_y):
    r"""The means of small categories, polynomials in p with 9 terms.

    .. math::

        \mu_{r,k} = \frac{m_{r,k}}{F_r} \sum_{j=0}^{T-2} (-p_{r,k})^j \operatorname{Re}\sum_n W_{r,n}\zeta_n^j

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Gaps max(eta) - eta below the largest parameter; +inf for a category of weight zero.
    tau : array (R,)
        Where the path crosses the real axis, beside the saddle: distance above max(eta).
    sigma : array (R,)
        Root of the sum of 1/(tau + gap)^2 over all categories of the row.
    F : array (R,)
        Sum of W_x.
    W_x : array (R, N)
        Weighted integrand, real part.
    W_y : array (R, N)
        Its imaginary part.
    zeta_x : array (N,)
        Nodes, real part.
    zeta_y : array (N,)
        Nodes, imaginary part.

    Returns
    -------
    mean : array (R, D)

    Notes
    -----
    Source: derivations/cc_contour.py.
    """
    R = gap.shape[0]
    D = gap.shape[1]
    mean = np.empty((R, D), gap.dtype)
    all_ks = _blocks(D, most=2**14)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, all_ks[0].stop, most=R):
            block = _power_means_10(gap[rows], tau[rows], sigma[rows], F[rows], W_x[rows], W_y[rows], zeta_x, zeta_y, all_ks)
            mean[rows], = block
    return mean,


def _power_means_10(gap, tau, sigma, F, W_x, W_y, zeta_x, zeta_y, all_ks):
    inverse_sigma = 1/sigma
    sigma_over_F = sigma/F
    scaled_x = W_x*sigma_over_F[:, None]
    scaled_y = W_y*sigma_over_F[:, None]
    moment0 = np.sum(scaled_x, 1)
    times_zeta_1_x = scaled_x*zeta_x - scaled_y*zeta_y
    times_zeta_1_y = scaled_x*zeta_y + scaled_y*zeta_x
    moment1 = np.sum(times_zeta_1_x, 1)
    times_zeta_2_x = times_zeta_1_x*zeta_x - times_zeta_1_y*zeta_y
    times_zeta_2_y = times_zeta_1_x*zeta_y + times_zeta_1_y*zeta_x
    moment2 = np.sum(times_zeta_2_x, 1)
    times_zeta_3_x = times_zeta_2_x*zeta_x - times_zeta_2_y*zeta_y
    times_zeta_3_y = times_zeta_2_x*zeta_y + times_zeta_2_y*zeta_x
    moment3 = np.sum(times_zeta_3_x, 1)
    times_zeta_4_x = times_zeta_3_x*zeta_x - times_zeta_3_y*zeta_y
    times_zeta_4_y = times_zeta_3_x*zeta_y + times_zeta_3_y*zeta_x
    moment4 = np.sum(times_zeta_4_x, 1)
    times_zeta_5_x = times_zeta_4_x*zeta_x - times_zeta_4_y*zeta_y
    times_zeta_5_y = times_zeta_4_x*zeta_y + times_zeta_4_y*zeta_x
    moment5 = np.sum(times_zeta_5_x, 1)
    times_zeta_6_x = times_zeta_5_x*zeta_x - times_zeta_5_y*zeta_y
    times_zeta_6_y = times_zeta_5_x*zeta_y + times_zeta_5_y*zeta_x
    moment6 = np.sum(times_zeta_6_x, 1)
    times_zeta_7_x = times_zeta_6_x*zeta_x - times_zeta_6_y*zeta_y
    times_zeta_7_y = times_zeta_6_x*zeta_y + times_zeta_6_y*zeta_x
    moment7 = np.sum(times_zeta_7_x, 1)
    times_zeta_8_x = times_zeta_7_x*zeta_x - times_zeta_7_y*zeta_y
    moment8 = np.sum(times_zeta_8_x, 1)
    all_mean = []
    for ks in all_ks:
        m = 1/(gap[:, ks] + tau[:, None])
        p = inverse_sigma[:, None]*m
        mean = p*(moment0[:, None] - p*(moment1[:, None] - p*(moment2[:, None] - p*(moment3[:, None] - p*(moment4[:, None] - p*(moment5[:, None] - p*(moment6[:, None] - p*(moment7[:, None] - moment8[:, None]*p))))))))
        all_mean.append(mean)
    mean = np.concatenate(all_mean, 1)
    return mean,


def power_sums_20(gap, tau, sigma, zeta_x, zeta_y):
    r"""The exponent at the nodes of small categories, by 19 power sums.

    .. math::

        \Phi'_{r,n} = \sum_{j=2}^{T} \frac{(-1)^j}{j} \Big(\sum_k p_{r,k}^j\Big) \zeta_n^j,\qquad p = \frac{1}{\sigma(\tau + g)}

        \Lambda'_r = \sum_k \log(\tau_r + g_{r,k})

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Gaps max(eta) - eta below the largest parameter; +inf for a category of weight zero.
    tau : array (R,)
        Where the path crosses the real axis, beside the saddle: distance above max(eta).
    sigma : array (R,)
        Root of the sum of 1/(tau + gap)^2 over all categories of the row.
    zeta_x : array (N,)
        Nodes, real part.
    zeta_y : array (N,)
        Nodes, imaginary part.

    Returns
    -------
    rest_x : array (R, N)
    rest_y : array (R, N)
    rest_log : array (R,)

    Notes
    -----
    Source: derivations/cc_contour.py.
    """
    R = gap.shape[0]
    D = gap.shape[1]
    N = zeta_x.shape[0]
    rest_x = np.empty((R, N), gap.dtype)
    rest_y = np.empty((R, N), gap.dtype)
    rest_log = np.empty((R,), gap.dtype)
    all_ks = _blocks(D, most=2**14)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, all_ks[0].stop, most=R):
            block = _power_sums_20(gap[rows], tau[rows], sigma[rows], zeta_x, zeta_y, all_ks)
            rest_x[rows], rest_y[rows], rest_log[rows] = block
    return rest_x, rest_y, rest_log


def _power_sums_20(gap, tau, sigma, zeta_x, zeta_y, all_ks):
    inverse_sigma = 1/sigma
    kappa_2 = kappa_2_rest = 0
    kappa_3 = kappa_3_rest = 0
    kappa_4 = kappa_4_rest = 0
    kappa_5 = kappa_5_rest = 0
    kappa_6 = kappa_6_rest = 0
    kappa_7 = kappa_7_rest = 0
    kappa_8 = kappa_8_rest = 0
    kappa_9 = kappa_9_rest = 0
    kappa_10 = kappa_10_rest = 0
    kappa_11 = kappa_11_rest = 0
    kappa_12 = kappa_12_rest = 0
    kappa_13 = kappa_13_rest = 0
    kappa_14 = kappa_14_rest = 0
    kappa_15 = kappa_15_rest = 0
    kappa_16 = kappa_16_rest = 0
    kappa_17 = kappa_17_rest = 0
    kappa_18 = kappa_18_rest = 0
    kappa_19 = kappa_19_rest = 0
    kappa_20 = kappa_20_rest = 0
    rest_log = rest_log_rest = 0
    for ks in all_ks:
        gap_plus_tau = gap[:, ks] + tau[:, None]
        m = 1/gap_plus_tau
        p = inverse_sigma[:, None]*m
        power_2 = p**2
        power_3 = p*power_2
        power_4 = power_2**2
        power_5 = power_2*power_3
        power_6 = power_3**2
        power_7 = power_3*power_4
        power_8 = power_4**2
        power_9 = power_4*power_5
        power_10 = power_5**2
        kappa_2, kappa_2_rest = _accumulate(kappa_2, kappa_2_rest, np.sum(power_2, 1))
        kappa_3, kappa_3_rest = _accumulate(kappa_3, kappa_3_rest, np.sum(power_3, 1))
        kappa_4, kappa_4_rest = _accumulate(kappa_4, kappa_4_rest, np.sum(power_4, 1))
        kappa_5, kappa_5_rest = _accumulate(kappa_5, kappa_5_rest, np.sum(power_5, 1))
        kappa_6, kappa_6_rest = _accumulate(kappa_6, kappa_6_rest, np.sum(power_6, 1))
        kappa_7, kappa_7_rest = _accumulate(kappa_7, kappa_7_rest, np.sum(power_7, 1))
        kappa_8, kappa_8_rest = _accumulate(kappa_8, kappa_8_rest, np.sum(power_8, 1))
        kappa_9, kappa_9_rest = _accumulate(kappa_9, kappa_9_rest, np.sum(power_9, 1))
        kappa_10, kappa_10_rest = _accumulate(kappa_10, kappa_10_rest, np.sum(power_10, 1))
        kappa_11, kappa_11_rest = _accumulate(kappa_11, kappa_11_rest, np.sum(power_5*power_6, 1))
        kappa_12, kappa_12_rest = _accumulate(kappa_12, kappa_12_rest, np.sum(power_6**2, 1))
        kappa_13, kappa_13_rest = _accumulate(kappa_13, kappa_13_rest, np.sum(power_6*power_7, 1))
        kappa_14, kappa_14_rest = _accumulate(kappa_14, kappa_14_rest, np.sum(power_7**2, 1))
        kappa_15, kappa_15_rest = _accumulate(kappa_15, kappa_15_rest, np.sum(power_7*power_8, 1))
        kappa_16, kappa_16_rest = _accumulate(kappa_16, kappa_16_rest, np.sum(power_8**2, 1))
        kappa_17, kappa_17_rest = _accumulate(kappa_17, kappa_17_rest, np.sum(power_8*power_9, 1))
        kappa_18, kappa_18_rest = _accumulate(kappa_18, kappa_18_rest, np.sum(power_9**2, 1))
        kappa_19, kappa_19_rest = _accumulate(kappa_19, kappa_19_rest, np.sum(power_10*power_9, 1))
        kappa_20, kappa_20_rest = _accumulate(kappa_20, kappa_20_rest, np.sum(power_10**2, 1))
        rest_log, rest_log_rest = _accumulate(rest_log, rest_log_rest, np.sum(np.log(gap_plus_tau), 1))
    horner_20_x = (1/20)*kappa_20[:, None]*zeta_x - 1/19*kappa_19[:, None]
    horner_20_y = (1/20)*kappa_20[:, None]*zeta_y
    horner_19_x = (1/18)*kappa_18[:, None] + horner_20_x*zeta_x - horner_20_y*zeta_y
    horner_19_y = horner_20_x*zeta_y + horner_20_y*zeta_x
    horner_18_x = horner_19_x*zeta_x - 1/17*kappa_17[:, None] - horner_19_y*zeta_y
    horner_18_y = horner_19_x*zeta_y + horner_19_y*zeta_x
    horner_17_x = (1/16)*kappa_16[:, None] + horner_18_x*zeta_x - horner_18_y*zeta_y
    horner_17_y = horner_18_x*zeta_y + horner_18_y*zeta_x
    horner_16_x = horner_17_x*zeta_x - 1/15*kappa_15[:, None] - horner_17_y*zeta_y
    horner_16_y = horner_17_x*zeta_y + horner_17_y*zeta_x
    horner_15_x = (1/14)*kappa_14[:, None] + horner_16_x*zeta_x - horner_16_y*zeta_y
    horner_15_y = horner_16_x*zeta_y + horner_16_y*zeta_x
    horner_14_x = horner_15_x*zeta_x - 1/13*kappa_13[:, None] - horner_15_y*zeta_y
    horner_14_y = horner_15_x*zeta_y + horner_15_y*zeta_x
    horner_13_x = (1/12)*kappa_12[:, None] + horner_14_x*zeta_x - horner_14_y*zeta_y
    horner_13_y = horner_14_x*zeta_y + horner_14_y*zeta_x
    horner_12_x = horner_13_x*zeta_x - 1/11*kappa_11[:, None] - horner_13_y*zeta_y
    horner_12_y = horner_13_x*zeta_y + horner_13_y*zeta_x
    horner_11_x = (1/10)*kappa_10[:, None] + horner_12_x*zeta_x - horner_12_y*zeta_y
    horner_11_y = horner_12_x*zeta_y + horner_12_y*zeta_x
    horner_10_x = horner_11_x*zeta_x - 1/9*kappa_9[:, None] - horner_11_y*zeta_y
    horner_10_y = horner_11_x*zeta_y + horner_11_y*zeta_x
    horner_9_x = (1/8)*kappa_8[:, None] + horner_10_x*zeta_x - horner_10_y*zeta_y
    horner_9_y = horner_10_x*zeta_y + horner_10_y*zeta_x
    horner_8_x = horner_9_x*zeta_x - 1/7*kappa_7[:, None] - horner_9_y*zeta_y
    horner_8_y = horner_9_x*zeta_y + horner_9_y*zeta_x
    horner_7_x = (1/6)*kappa_6[:, None] + horner_8_x*zeta_x - horner_8_y*zeta_y
    horner_7_y = horner_8_x*zeta_y + horner_8_y*zeta_x
    horner_6_x = horner_7_x*zeta_x - 1/5*kappa_5[:, None] - horner_7_y*zeta_y
    horner_6_y = horner_7_x*zeta_y + horner_7_y*zeta_x
    horner_5_x = (1/4)*kappa_4[:, None] + horner_6_x*zeta_x - horner_6_y*zeta_y
    horner_5_y = horner_6_x*zeta_y + horner_6_y*zeta_x
    horner_4_x = horner_5_x*zeta_x - 1/3*kappa_3[:, None] - horner_5_y*zeta_y
    horner_4_y = horner_5_x*zeta_y + horner_5_y*zeta_x
    horner_3_x = (1/2)*kappa_2[:, None] + horner_4_x*zeta_x - horner_4_y*zeta_y
    horner_3_y = horner_4_x*zeta_y + horner_4_y*zeta_x
    horner_2_x = horner_3_x*zeta_x - horner_3_y*zeta_y
    horner_2_y = horner_3_x*zeta_y + horner_3_y*zeta_x
    horner_1_x = horner_2_x*zeta_x - horner_2_y*zeta_y
    horner_1_y = horner_2_x*zeta_y + horner_2_y*zeta_x
    rest_x = horner_1_x
    rest_y = horner_1_y
    return rest_x, rest_y, rest_log


def power_means_20(gap, tau, sigma, F, W_x, W_y, zeta_x, zeta_y):
    r"""The means of small categories, polynomials in p with 19 terms.

    .. math::

        \mu_{r,k} = \frac{m_{r,k}}{F_r} \sum_{j=0}^{T-2} (-p_{r,k})^j \operatorname{Re}\sum_n W_{r,n}\zeta_n^j

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Gaps max(eta) - eta below the largest parameter; +inf for a category of weight zero.
    tau : array (R,)
        Where the path crosses the real axis, beside the saddle: distance above max(eta).
    sigma : array (R,)
        Root of the sum of 1/(tau + gap)^2 over all categories of the row.
    F : array (R,)
        Sum of W_x.
    W_x : array (R, N)
        Weighted integrand, real part.
    W_y : array (R, N)
        Its imaginary part.
    zeta_x : array (N,)
        Nodes, real part.
    zeta_y : array (N,)
        Nodes, imaginary part.

    Returns
    -------
    mean : array (R, D)

    Notes
    -----
    Source: derivations/cc_contour.py.
    """
    R = gap.shape[0]
    D = gap.shape[1]
    mean = np.empty((R, D), gap.dtype)
    all_ks = _blocks(D, most=2**14)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, all_ks[0].stop, most=R):
            block = _power_means_20(gap[rows], tau[rows], sigma[rows], F[rows], W_x[rows], W_y[rows], zeta_x, zeta_y, all_ks)
            mean[rows], = block
    return mean,


def _power_means_20(gap, tau, sigma, F, W_x, W_y, zeta_x, zeta_y, all_ks):
    inverse_sigma = 1/sigma
    sigma_over_F = sigma/F
    scaled_x = W_x*sigma_over_F[:, None]
    scaled_y = W_y*sigma_over_F[:, None]
    moment0 = np.sum(scaled_x, 1)
    times_zeta_1_x = scaled_x*zeta_x - scaled_y*zeta_y
    times_zeta_1_y = scaled_x*zeta_y + scaled_y*zeta_x
    moment1 = np.sum(times_zeta_1_x, 1)
    times_zeta_2_x = times_zeta_1_x*zeta_x - times_zeta_1_y*zeta_y
    times_zeta_2_y = times_zeta_1_x*zeta_y + times_zeta_1_y*zeta_x
    moment2 = np.sum(times_zeta_2_x, 1)
    times_zeta_3_x = times_zeta_2_x*zeta_x - times_zeta_2_y*zeta_y
    times_zeta_3_y = times_zeta_2_x*zeta_y + times_zeta_2_y*zeta_x
    moment3 = np.sum(times_zeta_3_x, 1)
    times_zeta_4_x = times_zeta_3_x*zeta_x - times_zeta_3_y*zeta_y
    times_zeta_4_y = times_zeta_3_x*zeta_y + times_zeta_3_y*zeta_x
    moment4 = np.sum(times_zeta_4_x, 1)
    times_zeta_5_x = times_zeta_4_x*zeta_x - times_zeta_4_y*zeta_y
    times_zeta_5_y = times_zeta_4_x*zeta_y + times_zeta_4_y*zeta_x
    moment5 = np.sum(times_zeta_5_x, 1)
    times_zeta_6_x = times_zeta_5_x*zeta_x - times_zeta_5_y*zeta_y
    times_zeta_6_y = times_zeta_5_x*zeta_y + times_zeta_5_y*zeta_x
    moment6 = np.sum(times_zeta_6_x, 1)
    times_zeta_7_x = times_zeta_6_x*zeta_x - times_zeta_6_y*zeta_y
    times_zeta_7_y = times_zeta_6_x*zeta_y + times_zeta_6_y*zeta_x
    moment7 = np.sum(times_zeta_7_x, 1)
    times_zeta_8_x = times_zeta_7_x*zeta_x - times_zeta_7_y*zeta_y
    times_zeta_8_y = times_zeta_7_x*zeta_y + times_zeta_7_y*zeta_x
    moment8 = np.sum(times_zeta_8_x, 1)
    times_zeta_9_x = times_zeta_8_x*zeta_x - times_zeta_8_y*zeta_y
    times_zeta_9_y = times_zeta_8_x*zeta_y + times_zeta_8_y*zeta_x
    moment9 = np.sum(times_zeta_9_x, 1)
    times_zeta_10_x = times_zeta_9_x*zeta_x - times_zeta_9_y*zeta_y
    times_zeta_10_y = times_zeta_9_x*zeta_y + times_zeta_9_y*zeta_x
    moment10 = np.sum(times_zeta_10_x, 1)
    times_zeta_11_x = times_zeta_10_x*zeta_x - times_zeta_10_y*zeta_y
    times_zeta_11_y = times_zeta_10_x*zeta_y + times_zeta_10_y*zeta_x
    moment11 = np.sum(times_zeta_11_x, 1)
    times_zeta_12_x = times_zeta_11_x*zeta_x - times_zeta_11_y*zeta_y
    times_zeta_12_y = times_zeta_11_x*zeta_y + times_zeta_11_y*zeta_x
    moment12 = np.sum(times_zeta_12_x, 1)
    times_zeta_13_x = times_zeta_12_x*zeta_x - times_zeta_12_y*zeta_y
    times_zeta_13_y = times_zeta_12_x*zeta_y + times_zeta_12_y*zeta_x
    moment13 = np.sum(times_zeta_13_x, 1)
    times_zeta_14_x = times_zeta_13_x*zeta_x - times_zeta_13_y*zeta_y
    times_zeta_14_y = times_zeta_13_x*zeta_y + times_zeta_13_y*zeta_x
    moment14 = np.sum(times_zeta_14_x, 1)
    times_zeta_15_x = times_zeta_14_x*zeta_x - times_zeta_14_y*zeta_y
    times_zeta_15_y = times_zeta_14_x*zeta_y + times_zeta_14_y*zeta_x
    moment15 = np.sum(times_zeta_15_x, 1)
    times_zeta_16_x = times_zeta_15_x*zeta_x - times_zeta_15_y*zeta_y
    times_zeta_16_y = times_zeta_15_x*zeta_y + times_zeta_15_y*zeta_x
    moment16 = np.sum(times_zeta_16_x, 1)
    times_zeta_17_x = times_zeta_16_x*zeta_x - times_zeta_16_y*zeta_y
    times_zeta_17_y = times_zeta_16_x*zeta_y + times_zeta_16_y*zeta_x
    moment17 = np.sum(times_zeta_17_x, 1)
    times_zeta_18_x = times_zeta_17_x*zeta_x - times_zeta_17_y*zeta_y
    moment18 = np.sum(times_zeta_18_x, 1)
    all_mean = []
    for ks in all_ks:
        m = 1/(gap[:, ks] + tau[:, None])
        p = inverse_sigma[:, None]*m
        mean = p*(moment0[:, None] - p*(moment1[:, None] - p*(moment2[:, None] - p*(moment3[:, None] - p*(moment4[:, None] - p*(moment5[:, None] - p*(moment6[:, None] - p*(moment7[:, None] - p*(moment8[:, None] - p*(moment9[:, None] - p*(moment10[:, None] - p*(moment11[:, None] - p*(moment12[:, None] - p*(moment13[:, None] - p*(moment14[:, None] - p*(moment15[:, None] - p*(moment16[:, None] - p*(moment17[:, None] - moment18[:, None]*p))))))))))))))))))
        all_mean.append(mean)
    mean = np.concatenate(all_mean, 1)
    return mean,


# Constants by precision, each an exact expression of the derivation, rounded once; arrays of them are arguments above.
TABLES = {
    "float64": {
        "zeta_x": [
            0.39904290090297884, 0.391381221894442, 0.3760317854926433, 0.3529423461640185,
            0.3220343133958057, 0.2832024841941538, 0.23631468500019015, 0.18121132180522173,
            0.11770483693377792, 0.045579070645523995, -0.035411474616897795, -0.12554246983841025,
            -0.22512069774463003, -0.3344850970113597, -0.45400791592466366, -0.5840959794182896,
            -0.725192073801106, -0.8777764538878103, -1.0423684776627955, -1.2195283740411458,
            -1.4098591497437718, -1.6140086417771915, -1.832671722504074, -2.066592664810037,
            -2.3165676754171196, -2.583447604966676, -2.868140844096115, -3.171616415366989,
            -3.4949072715685547, -3.8391138116233883, -4.205407626062289, -4.595035484817111,
            -5.00932358090493, -5.449682044447975, -5.917609742393872, -6.414699380273217, -6.94264292335955,
            -7.503237355683965, -8.098390796506562, -8.730128995063628, -9.400602225697002,
            -10.112092606834883, -10.86702186873598, -11.667959596436434, -12.517631975956377,
            -13.418931073535946, -14.37492467948492, -15.388866750151882, -16.4642084835547,
            -17.604610066370903, -18.813953132271727, -20.096353974004764, -21.456177554195715,
            -22.898052362558513, -24.42688617008381, -26.047882733829166, -27.766559509169593,
            -29.58876642979657, -31.520705819387704, -33.56895350272122, 0.8972997974939249,
            0.8756835930706843, 0.8323733425399772, 0.7672130822192089, 0.6799681647896983,
            0.5703244143128807, 0.43788699485757815, 0.2821789886641737, 0.10263967872554325,
            -0.10137747039981675, -0.33060714081372095, -0.5858748069274136, -0.8680997080610682,
            -1.1782981586982377, -1.517587208315747, -1.8871886639683675, -2.288433490113924,
            -2.7227666015229572, -3.191752066532594, -3.6970787393819546, -4.240566341911599,
            -4.824172016527684, -5.449997374028597, -6.12029606167384, -6.837481878748394, -7.604137468847363,
            -8.423023620182507, -9.29708920740181, -10.229481810723378, -11.223559050624031
        ],
        "zeta_y": [
            0.10501488778601151, 0.31540210702573335, 0.5268628739148603, 0.7401169465151757,
            0.955890186839857, 1.174917031501074, 1.3979429915433148, 1.625727189971234, 1.8590449456091092,
            2.098690412086704, 2.345479280933963, 2.6002515579851804, 2.8638744225428066, 3.137245179032751,
            3.421294311197856, 3.716988649225235, 4.0253346605875535, 4.34738187579944, 4.68422646074941,
            5.037014947766619, 5.406948138122008, 5.795285189246985, 6.2033479005814565, 6.63252521263915,
            7.08427793460388, 7.560143716548282, 8.06174228319917, 8.590780947063905, 9.14906041968304,
            9.738480940789257, 10.361048746234662, 11.018882896701612, 11.71422249044025, 12.449434284583035,
            13.227020750977287, 14.0496285939557, 14.92005775903716, 15.841270963221108, 16.816403779314204,
            17.84877530861367, 18.941899478274408, 20.099497001813248, 21.325508043460772, 22.624105629466918,
            23.999709852009026, 25.457002914048733, 27.000945066346564, 28.636791490879734,
            30.370110188129935, 32.20680092912485, 34.153115336741315, 36.21567816462159, 38.40150984613089,
            40.71805039010685, 43.173184704736, 45.77526943575321, 48.533161410314385, 51.456247783358094,
            54.55447798906658, 57.83839760618063, 0.24003600162003472, 0.7209723937359287, 1.2045050652129012,
            1.6923752559462246, 2.1863398255855766, 2.6881775801274164, 3.1996956775379113, 3.722736135473582,
            4.259182464534481, 4.810966450936792, 5.3800751130297835, 5.968557856708107, 6.57853385548664,
            7.212199681814121, 7.871837217106551, 8.559821868985015, 9.278631125308866, 10.030853475808033,
            10.819197733441946, 11.64650278905206, 12.515747834435256, 13.430063090652228, 14.392741080204331,
            15.407248483670957, 16.477238623504068, 17.606564619935096, 18.799293266369634, 20.05971967423638,
            21.39238274002753, 22.802081490228765
        ],
        "w_x": [
            0.06687351048169572, 0.0671011307111929, 0.06755714593090348, 0.06824310829934607,
            0.0691613526559901, 0.07031500446844882, 0.07170799047076713, 0.07334505202901435,
            0.07523176127967479, 0.07737454009576719, 0.07978068194524869, 0.08245837671610388,
            0.08541673859261704, 0.08866583707771117, 0.09221673126694606, 0.09608150749083513,
            0.10027332045360583, 0.10480643800842931, 0.10969628972152301, 0.11495951939042533,
            0.1206140416952017, 0.1266791031754078, 0.13317534774035975, 0.14012488693569192,
            0.14755137520537093, 0.15548009040533894, 0.16393801984283368, 0.172953952134241,
            0.18255857519414054, 0.19278458068907378, 0.20366677531156863, 0.2152421992531682,
            0.22755025227971606, 0.24063282783802525, 0.2545344556503961, 0.2693024532823376,
            0.2849870871993902, 0.30164174386124565, 0.31932311143552466, 0.3380913727497189,
            0.3580104101380564, 0.37914802288053673, 0.4015761579742415, 0.4253711550224075,
            0.4506140060748012, 0.47739063130382436, 0.5057921714546824, 0.5359152980650385,
            0.567862542510064, 0.6017426449928677, 0.637670924668179, 0.6757696721590893, 0.7161685658028801,
            0.7590051130427289, 0.8044251184676778, 0.8525831800939537, 0.9036432155768518,
            0.9577790201442735, 1.015174858150982, 1.0760260902670717, 0.15285750546041008,
            0.15340795758598505, 0.15451084405934673, 0.15617013646305952, 0.15839181004202765,
            0.16118386522083084, 0.1645563564138942, 0.16852142823224042, 0.17309335921720698,
            0.17828861325861775, 0.18412589888256956, 0.1906262366223337, 0.1978130347149805,
            0.20571217339631695, 0.2143520980976894, 0.22376392188026134, 0.2339815374756395,
            0.24504173933631637, 0.25698435613544196, 0.26985239419306706, 0.28369219234534804,
            0.29855358881440885, 0.3144901006797725, 0.33155911659765264, 0.3498221034621031,
            0.36934482775222865, 0.39019759236254636, 0.41245548976934193, 0.4361986724446937,
            0.4615126414919476
        ],
        "w_y": [
            0.0012187028065176152, 0.003660256570450118, 0.006114268906313168, 0.00858909264091449,
            0.011093151437710318, 0.01363496846878921, 0.016223195425557616, 0.018866641966872193,
            0.021574305704852647, 0.024355402830439167, 0.02721939948293595, 0.030176043970314637,
            0.03323539994994734, 0.03640788068270795, 0.03970428447703375, 0.043135831443590025,
            0.046714201685640847, 0.050451575055116445, 0.054360672609696445, 0.058454799912018296,
            0.06274789231839024, 0.06725456241115994, 0.07199014973618637, 0.07697077301470849,
            0.08221338500732658, 0.08773583021683899, 0.09355690562633992, 0.09969642467931522,
            0.10617528471950796, 0.11301553812010158, 0.12024046734432624, 0.1278746641929753,
            0.13594411350857008, 0.14447628162108048, 0.15350020983624751, 0.1630466132847187,
            0.17314798546845264, 0.18383870886024214, 0.19515517193280835, 0.20713589301580257,
            0.2198216514022933, 0.23325562615099124, 0.24748354305665923, 0.2625538302889568,
            0.2785177832294737, 0.2954297390680154, 0.3133472617524214, 0.3323313379214381,
            0.3524465844875508, 0.37376146857633413, 0.39634854057093766, 0.4202846810549294,
            0.4456513624940286, 0.47253492654742374, 0.5010268779525731, 0.5312241959837952,
            0.563229664544776, 0.5971522220185392, 0.6331073320656837, 0.671217376632986,
            0.003438262456005845, 0.010327168826628236, 0.017253264159707307, 0.024241489879522786,
            0.03131701114685551, 0.03850530748074791, 0.045832264512293684, 0.05332426720086963,
            0.061008294848488555, 0.06891201825442765, 0.07706389935999398, 0.08549329374225573,
            0.09423055632582747, 0.10330715069338609, 0.11275576238855312, 0.1226104166191564,
            0.13290660078472993, 0.14368139226948312, 0.15497359196093244, 0.1668238639750063,
            0.179274882090785, 0.19237148342219873, 0.2061608298800674, 0.22069257800592076,
            0.23601905778918328, 0.2521954611116593, 0.2692800404979219, 0.28733431888732175,
            0.3064233111830213, 0.32661575837587076
        ],
    },
    "float32": {
        "zeta_x": [
            0.3961707893553095, 0.36545885794573885, 0.3036164972535326, 0.2098010088475877,
            0.08273401066085526, -0.0793159829553109, -0.2785571554184278, -0.5177044778513071,
            -0.8000167047898527, -1.12934077978634, -1.5101642560036457, -1.9476764461126244,
            -2.4478391347551716, -3.01746781714036, -3.664324570775977, -4.397223825857374,
            -5.226152475599831, -6.16240596320467, -7.218742199855884, -8.409555411119568, -9.751072280673975,
            -11.26157306413384, -12.961640685989014, -14.874441213990973
        ],
        "zeta_y": [
            0.21011911748693304, 0.6332205525176714, 1.0649506032767906, 1.5111922637568, 1.9780262712220973,
            2.4718139657197518, 2.999283973240002, 3.5676238937194613, 4.184578243278804, 4.858553985310384,
            5.598735088441115, 6.415207672401211, 7.319097447106021, 8.322721317772427, 9.43975522192548,
            10.68542048533578, 12.076691236277311, 13.632525704447897, 15.374124556360075, 17.325219787424277,
            19.512398107328607, 21.965463225344454, 24.71784197225912, 27.80703979297906
        ],
        "w_x": [
            0.13391767564336265, 0.1357425124364361, 0.13941705226451373, 0.14499136645271138,
            0.15254141370907784, 0.16217007518023308, 0.17400855636714024, 0.18821817500429694,
            0.20499255926498244, 0.22456028624652907, 0.247187996689087, 0.2731840283707742,
            0.302902617689876, 0.33674872668719236, 0.37518356128422664, 0.41873085593180026,
            0.4679840103072145, 0.5236141753085669, 0.5863793985304824, 0.6571349538426019,
            0.7368449958274149, 0.8265956978872937, 0.9276100530478878, 1.0412645391418662
        ],
        "w_y": [
            0.004876884860480515, 0.014697109729249574, 0.024717605596278763, 0.03507491731612254,
            0.04591017938363308, 0.057371039111149054, 0.0696136685529609, 0.08280489259265517,
            0.09712446219184064, 0.11276750377680891, 0.12994717813983547, 0.14889758508679032,
            0.16987695341140346, 0.19317115966455048, 0.2190976236672667, 0.24800963384991917,
            0.28030116135701555, 0.3164122285173216, 0.35683490483304975, 0.40212001219280474,
            0.45288463067725077, 0.5098205072357858, 0.573703481815532, 0.6454040593883242
        ],
    },
}
