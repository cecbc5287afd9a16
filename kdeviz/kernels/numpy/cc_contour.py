# Generated from derivations/cc_contour.py. Do not edit: change the derivation and run `make generate`.
import math

import numpy as np


def _blocks(size, *widths, most=128):
    """Slices of `size` places: blocks so small that temporaries stay in cache and sums short enough to lose no digits."""
    at_once = max(1, min(size, most, 2**14 // max(1, math.prod(widths))))
    return [slice(start, min(start + at_once, size)) for start in range(0, max(1, size), at_once)]


def _accumulate(total, rest, part):
    """(total + part, what rounding has taken from it): given back with the next part."""
    whole = part - rest
    raised = total + whole
    return raised, np.where(np.isfinite(raised), (raised - total) - whole, 0)


def _remainder(x, y, axis):
    """Real and imaginary part of the sum of xi - log(1 + xi) along an axis, xi = x + iy.

    One logarithm serves 4 to 7 terms: for their product less 1, so that small terms keep their digits.
    """
    x, y = first_x, first_y = np.moveaxis(x, axis, 0), np.moveaxis(y, axis, 0)
    for _ in range(2):
        if half := len(x) // 2:
            product_x, product_y = _multiplied(x[:half], y[:half], x[half : 2 * half], y[half : 2 * half])
            total_x, total_y = first_x[:half] + first_x[half : 2 * half], first_y[:half] + first_y[half : 2 * half]
            if len(x) % 2:
                product_x[0], product_y[0] = _multiplied(product_x[0], product_y[0], x[-1], y[-1])
                total_x[0], total_y[0] = total_x[0] + first_x[-1], total_y[0] + first_y[-1]
            x, y, first_x, first_y = product_x, product_y, total_x, total_y
    log_modulus = np.log1p(x * (2 + x) + y * y) / 2
    return (first_x - log_modulus).sum(0), (first_y - np.arctan2(y, 1 + x)).sum(0)


def _multiplied(a, b, x, y):
    """(1 + a + ib)(1 + x + iy) - 1"""
    real, imaginary = a * x, a * y
    real -= b * y
    imaginary += b * x
    real += a + x
    imaginary += b + y
    return real, imaginary


def _upper(x):
    """x, rounded to the upper half of its digits."""
    wide = x * x.dtype.type(2**27 + 1 if x.itemsize == 8 else 2**12 + 1)
    return wide - (wide - x)


def _coarse(x):
    """x, rounded to a multiple of 2^-26, or of 2^-12 in float32."""
    grid = x.dtype.type(1.5 * 2**26 if x.itemsize == 8 else 1.5 * 2**11)
    return (x + grid) - grid


def saddle_start(gap):
    r"""A start below the saddle.

    .. math::

        {K}_{r} = \sum_{k=0}^{D - 1} \begin{cases} 1 & \text{for}\: {g}_{r,k} \neq \infty \\0 & \text{otherwise} \end{cases}

        {\bar g}_{r} = \frac{\sum_{k=0}^{D - 1} \begin{cases} {g}_{r,k} & \text{for}\: {g}_{r,k} \neq \infty \\0 & \text{otherwise} \end{cases}}{\max\left(1, {K}_{r} - 1\right)}

        {\tau}_{r} = \max\left(1, \begin{cases} \frac{2}{\sqrt{\left(- \frac{{K}_{r}}{{\bar g}_{r}} + 1\right)^{2} + \frac{4}{{\bar g}_{r}}} - \frac{{K}_{r}}{{\bar g}_{r}} + 1} & \text{for}\: {K}_{r} < {\bar g}_{r} \\\frac{\sqrt{\left({K}_{r} - {\bar g}_{r}\right)^{2} + 4 {\bar g}_{r}}}{2} + \frac{{K}_{r}}{2} - \frac{{\bar g}_{r}}{2} & \text{otherwise} \end{cases}\right)

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Distances max(eta) - eta of the natural parameters below their maximum; +inf for a category of
        weight zero.

    Returns
    -------
    tau : array (R,)

    Notes
    -----
    Source: derivations/cc_contour.py.
    """
    R = gap.shape[0]
    D = gap.shape[1]
    tau = np.empty((R,), gap.dtype)
    all_ks = _blocks(D, most=2**14)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, all_ks[0].stop):
            block = _saddle_start(gap[rows], all_ks)
            tau[rows], = block
    return tau,


def _saddle_start(gap, all_ks):
    real = gap.dtype.type
    count = count_rest = 0
    raw_mean_gap = raw_mean_gap_rest = 0
    for ks in all_ks:
        count, count_rest = _accumulate(count, count_rest, np.sum(np.where((gap[:, ks] != np.inf), real(1), real(0)), 1))
        raw_mean_gap, raw_mean_gap_rest = _accumulate(raw_mean_gap, raw_mean_gap_rest, np.sum(np.where((gap[:, ks] != np.inf), gap[:, ks], 0), 1))
    mean_gap = raw_mean_gap/np.maximum(count - 1, 1)
    inverse_mean_gap = 1/mean_gap
    tau = np.maximum(np.where((count < mean_gap), 2/(1 + np.sqrt((1 - count*inverse_mean_gap)**2 + 4*inverse_mean_gap) - count*inverse_mean_gap), (1/2)*count + (1/2)*np.sqrt((count - mean_gap)**2 + 4*mean_gap) - 1/2*mean_gap), 1)
    return tau,


def saddle_step(gap, tau):
    r"""One Newton step.

    .. math::

        {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}

        {S}_{r} = \sum_{k=0}^{D - 1} {m}_{r,k}

        {Q}_{r} = \sum_{k=0}^{D - 1} {m}_{r,k}^{2}

        {\sigma}_{r} = \sqrt{{Q}_{r}}

        {next\_tau}_{r} = \begin{cases} {\tau}_{r} & \text{for}\: {S}_{r} \leq \frac{{\sigma}_{r}}{100} + 1 \\\frac{\left({S}_{r} - 1\right) {S}_{r}}{{Q}_{r}} + {\tau}_{r} & \text{otherwise} \end{cases}

        {\sigma}_{r} = {\sigma}_{r}

        {\varepsilon}_{r} = \frac{1 - {S}_{r}}{{\sigma}_{r}}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Distances max(eta) - eta of the natural parameters below their maximum; +inf for a category of
        weight zero.
    tau : array (R,)
        Distance of the contour's reference point above max(eta); best at the saddle.

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
        for rows in _blocks(R, all_ks[0].stop):
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
    r"""1 - sum of 1/(tau + gap).

    .. math::

        {gap\_sum}_{r,k} = - {\eta}_{r,k} + {top}_{r}

        {gap\_back}_{r,k} = {gap\_sum}_{r,k} - {top}_{r}

        {gap\_left}_{r,k} = - {gap\_back}_{r,k} + {gap\_sum}_{r,k}

        {gap\_lost}_{r,k} = - {gap\_left}_{r,k} + {top}_{r}

        {gap\_right}_{r,k} = - {\eta}_{r,k} - {gap\_back}_{r,k}

        {gap\_error}_{r,k} = {gap\_lost}_{r,k} + {gap\_right}_{r,k}

        {d\_sum}_{r,k} = {gap\_sum}_{r,k} + {\tau}_{r}

        {d\_back}_{r,k} = {d\_sum}_{r,k} - {\tau}_{r}

        {d\_left}_{r,k} = - {d\_back}_{r,k} + {d\_sum}_{r,k}

        {d\_lost}_{r,k} = - {d\_left}_{r,k} + {\tau}_{r}

        {d\_right}_{r,k} = - {d\_back}_{r,k} + {gap\_sum}_{r,k}

        {d\_error}_{r,k} = {d\_lost}_{r,k} + {d\_right}_{r,k}

        {m}_{r,k} = \frac{1}{{d\_sum}_{r,k}}

        {m\_high}_{r,k} = \operatorname{Coarse}{\left({m}_{r,k} \right)}

        {d\_high}_{r,k} = \operatorname{Upper}{\left({d\_sum}_{r,k} \right)}

        {d\_low}_{r,k} = - {d\_high}_{r,k} + {d\_sum}_{r,k}

        {near\_1}_{r,k} = - {d\_high}_{r,k} {m\_high}_{r,k} + 1

        {near\_2}_{r,k} = - {d\_low}_{r,k} {m\_high}_{r,k} + {near\_1}_{r,k}

        {m\_low}_{r,k} = \begin{cases} {m}_{r,k} & \text{for}\: {m\_high}_{r,k} = 0 \\\frac{- \left({d\_error}_{r,k} + {gap\_error}_{r,k}\right) {m\_high}_{r,k} + {near\_2}_{r,k}}{{d\_sum}_{r,k}} & \text{otherwise} \end{cases}

        {high\_sum}_{r} = \sum_{k=0}^{D - 1} {m\_high}_{r,k}

        {low\_sum}_{r} = \sum_{k=0}^{D - 1} {m\_low}_{r,k}

        {near\_all}_{r} = 1 - {high\_sum}_{r}

        {missing}_{r} = - {low\_sum}_{r} + {near\_all}_{r}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    eta : array (R, D)
        Natural parameters.
    top : array (R,)
        Their maximum.
    tau : array (R,)
        Distance of the contour's reference point above max(eta); best at the saddle.

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
        for rows in _blocks(R, all_ks[0].stop):
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
        d_sum = gap_sum + tau[:, None]
        d_back = d_sum - tau[:, None]
        d_left = d_sum - d_back
        d_lost = tau[:, None] - d_left
        d_right = gap_sum - d_back
        d_error = d_lost + d_right
        m = 1/d_sum
        m_high = _coarse(m)
        d_high = _upper(d_sum)
        d_low = d_sum - d_high
        near_1 = 1 - d_high*m_high
        near_2 = near_1 - d_low*m_high
        m_low = np.where((m_high == 0), m, m*(near_2 - m_high*(d_error + gap_error)))
        high_sum, high_sum_rest = _accumulate(high_sum, high_sum_rest, np.sum(m_high, 1))
        low_sum, low_sum_rest = _accumulate(low_sum, low_sum_rest, np.sum(m_low, 1))
    near_all = 1 - high_sum
    missing = near_all - low_sum
    return missing,


def log_partition(gap, tau, sigma, excess, rest_x, rest_y, rest_log, zeta_x, zeta_y, w_x, w_y):
    r"""log Z.

    .. math::

        {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}

        {p}_{r,k} = \frac{{m}_{r,k}}{{\sigma}_{r}}

        {x}_{r,k,n} = {p}_{r,k} {\xi}_{n}

        {y}_{r,k,n} = {p}_{r,k} {\upsilon}_{n}

        {remainder\_x}_{r,n} = \Re \sum_{k} \varphi\left({x}_{r,k,n} + i\,{y}_{r,k,n}\right)

        {remainder\_y}_{r,n} = \Im \sum_{k} \varphi\left({x}_{r,k,n} + i\,{y}_{r,k,n}\right)

        {H\_x}_{r,n} = {\varepsilon}_{r} {\xi}_{n} + {remainder\_x}_{r,n} + {rest\_x}_{r,n}

        {H\_y}_{r,n} = {\varepsilon}_{r} {\upsilon}_{n} + {remainder\_y}_{r,n} + {rest\_y}_{r,n}

        {height}_{r,n} = e^{{H\_x}_{r,n}}

        {W\_x}_{r,n} = \left(- \sin{\left({H\_y}_{r,n} \right)} {w^{\Im}}_{n} + \cos{\left({H\_y}_{r,n} \right)} {w^{\Re}}_{n}\right) {height}_{r,n}

        {W\_y}_{r,n} = \left(\sin{\left({H\_y}_{r,n} \right)} {w^{\Re}}_{n} + \cos{\left({H\_y}_{r,n} \right)} {w^{\Im}}_{n}\right) {height}_{r,n}

        {F}_{r} = \sum_{n=0}^{N - 1} {W\_x}_{r,n}

        {log\_Z}_{r} = \log{\left({F}_{r} \right)} - \log{\left({\sigma}_{r} \right)} - {rest\_log}_{r} + {\tau}_{r} - \sum_{k=0}^{D - 1} \log{\left({g}_{r,k} + {\tau}_{r} \right)}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Distances max(eta) - eta of the natural parameters below their maximum; +inf for a category of
        weight zero.
    tau : array (R,)
        Distance of the contour's reference point above max(eta); best at the saddle.
    sigma : array (R,)
        Scale: root of the sum of 1/(tau + gap)^2.
    excess : array (R,)
        (1 - sum of 1/(tau + gap))/sigma.
    rest_x : array (R, N)
        Exponent at the nodes of categories that are not among these, real part.
    rest_y : array (R, N)
        The same, imaginary part.
    rest_log : array (R,)
        Their sum of log(tau + gap).
    zeta_x : array (N,)
        Nodes of the rule, real part.
    zeta_y : array (N,)
        Nodes, imaginary part.
    w_x : array (N,)
        Weights of the rule, real part.
    w_y : array (N,)
        Weights, imaginary part.

    Returns
    -------
    log_Z : array (R,)

    Notes
    -----
    Source: derivations/cc_contour.py.
    """
    R = gap.shape[0]
    D = gap.shape[1]
    N = rest_x.shape[1]
    log_Z = np.empty((R,), gap.dtype)
    all_nodes = _blocks(N, D)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, D, all_nodes[0].stop):
            block = _log_partition(gap[rows], tau[rows], sigma[rows], excess[rows], rest_x[rows], rest_y[rows], rest_log[rows], zeta_x, zeta_y, w_x, w_y, all_nodes)
            log_Z[rows], = block
    return log_Z,


def _log_partition(gap, tau, sigma, excess, rest_x, rest_y, rest_log, zeta_x, zeta_y, w_x, w_y, all_nodes):
    gap_plus_tau = gap + tau[:, None]
    m = 1/gap_plus_tau
    inverse_sigma = 1/sigma
    p = inverse_sigma[:, None]*m
    raw_log_Z = np.sum(np.log(gap_plus_tau), 1)
    F = 0
    for nodes in all_nodes:
        x = p[:, :, None]*zeta_x[nodes]
        y = p[:, :, None]*zeta_y[nodes]
        remainder_x, remainder_y = _remainder(x, y, 1)
        H_x = remainder_x + rest_x[:, nodes] + excess[:, None]*zeta_x[nodes]
        H_y = remainder_y + rest_y[:, nodes] + excess[:, None]*zeta_y[nodes]
        height = np.exp(H_x)
        cos_H_y = np.cos(H_y)
        sin_H_y = np.sin(H_y)
        W_x = height*(cos_H_y*w_x[nodes] - sin_H_y*w_y[nodes])
        F += np.sum(W_x, 1)
    log_Z = tau + np.log(F) - raw_log_Z - rest_log - np.log(sigma)
    return log_Z,


def log_partition_and_mean(gap, tau, sigma, excess, rest_x, rest_y, rest_log, zeta_x, zeta_y, w_x, w_y):
    r"""log Z and mean.

    .. math::

        {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}

        {p}_{r,k} = \frac{{m}_{r,k}}{{\sigma}_{r}}

        {x}_{r,k,n} = {p}_{r,k} {\xi}_{n}

        {y}_{r,k,n} = {p}_{r,k} {\upsilon}_{n}

        {remainder\_x}_{r,n} = \Re \sum_{k} \varphi\left({x}_{r,k,n} + i\,{y}_{r,k,n}\right)

        {remainder\_y}_{r,n} = \Im \sum_{k} \varphi\left({x}_{r,k,n} + i\,{y}_{r,k,n}\right)

        {H\_x}_{r,n} = {\varepsilon}_{r} {\xi}_{n} + {remainder\_x}_{r,n} + {rest\_x}_{r,n}

        {H\_y}_{r,n} = {\varepsilon}_{r} {\upsilon}_{n} + {remainder\_y}_{r,n} + {rest\_y}_{r,n}

        {height}_{r,n} = e^{{H\_x}_{r,n}}

        {b}_{r,k,n} = {x}_{r,k,n} + 1

        {q}_{r,k,n} = {b}_{r,k,n}^{2} + {y}_{r,k,n}^{2}

        {log\_Z}_{r} = \log{\left({F}_{r} \right)} - \log{\left({\sigma}_{r} \right)} - {rest\_log}_{r} + {\tau}_{r} - \sum_{k=0}^{D - 1} \log{\left({g}_{r,k} + {\tau}_{r} \right)}

        {\mu}_{r,k} = \frac{{m}_{r,k} \sum_{n=0}^{N - 1} \frac{{W\_x}_{r,n} {b}_{r,k,n} + {W\_y}_{r,n} {y}_{r,k,n}}{{q}_{r,k,n}}}{{F}_{r}}

        {F}_{r} = \sum_{n=0}^{N - 1} {W\_x}_{r,n}

        {W\_x}_{r,n} = \left(- \sin{\left({H\_y}_{r,n} \right)} {w^{\Im}}_{n} + \cos{\left({H\_y}_{r,n} \right)} {w^{\Re}}_{n}\right) {height}_{r,n}

        {W\_y}_{r,n} = \left(\sin{\left({H\_y}_{r,n} \right)} {w^{\Re}}_{n} + \cos{\left({H\_y}_{r,n} \right)} {w^{\Im}}_{n}\right) {height}_{r,n}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Distances max(eta) - eta of the natural parameters below their maximum; +inf for a category of
        weight zero.
    tau : array (R,)
        Distance of the contour's reference point above max(eta); best at the saddle.
    sigma : array (R,)
        Scale: root of the sum of 1/(tau + gap)^2.
    excess : array (R,)
        (1 - sum of 1/(tau + gap))/sigma.
    rest_x : array (R, N)
        Exponent at the nodes of categories that are not among these, real part.
    rest_y : array (R, N)
        The same, imaginary part.
    rest_log : array (R,)
        Their sum of log(tau + gap).
    zeta_x : array (N,)
        Nodes of the rule, real part.
    zeta_y : array (N,)
        Nodes, imaginary part.
    w_x : array (N,)
        Weights of the rule, real part.
    w_y : array (N,)
        Weights, imaginary part.

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
    N = rest_x.shape[1]
    log_Z = np.empty((R,), gap.dtype)
    mean = np.empty((R, D), gap.dtype)
    F = np.empty((R,), gap.dtype)
    W_x = np.empty((R, N), gap.dtype)
    W_y = np.empty((R, N), gap.dtype)
    all_nodes = _blocks(N, D)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, D, all_nodes[0].stop):
            block = _log_partition_and_mean(gap[rows], tau[rows], sigma[rows], excess[rows], rest_x[rows], rest_y[rows], rest_log[rows], zeta_x, zeta_y, w_x, w_y, all_nodes)
            log_Z[rows], mean[rows], F[rows], W_x[rows], W_y[rows] = block
    return log_Z, mean, F, W_x, W_y


def _log_partition_and_mean(gap, tau, sigma, excess, rest_x, rest_y, rest_log, zeta_x, zeta_y, w_x, w_y, all_nodes):
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
        x = p[:, :, None]*zeta_x[nodes]
        y = p[:, :, None]*zeta_y[nodes]
        remainder_x, remainder_y = _remainder(x, y, 1)
        H_x = remainder_x + rest_x[:, nodes] + excess[:, None]*zeta_x[nodes]
        H_y = remainder_y + rest_y[:, nodes] + excess[:, None]*zeta_y[nodes]
        height = np.exp(H_x)
        b = 1 + x
        q = b**2 + y**2
        cos_H_y = np.cos(H_y)
        sin_H_y = np.sin(H_y)
        W_x = height*(cos_H_y*w_x[nodes] - sin_H_y*w_y[nodes])
        F += np.sum(W_x, 1)
        W_y = height*(cos_H_y*w_y[nodes] + sin_H_y*w_x[nodes])
        raw_mean += np.sum((W_x[:, None, :]*b + W_y[:, None, :]*y)/q, 2)
        all_W_x.append(W_x)
        all_W_y.append(W_y)
    W_x = np.concatenate(all_W_x, 1)
    W_y = np.concatenate(all_W_y, 1)
    log_Z = tau + np.log(F) - raw_log_Z - rest_log - np.log(sigma)
    inverse_F = 1/F
    mean = inverse_F[:, None]*m*raw_mean
    return log_Z, mean, F, W_x, W_y


def variances(gap, tau, sigma, mean, F, W_x, W_y, zeta_x, zeta_y):
    r"""Variance of each category.

    .. math::

        {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}

        {p}_{r,k} = \frac{{m}_{r,k}}{{\sigma}_{r}}

        {x}_{r,k,n} = {p}_{r,k} {\xi}_{n}

        {y}_{r,k,n} = {p}_{r,k} {\upsilon}_{n}

        {b}_{r,k,n} = {x}_{r,k,n} + 1

        {q}_{r,k,n} = {b}_{r,k,n}^{2} + {y}_{r,k,n}^{2}

        {V\_x}_{r,n} = \frac{{W\_x}_{r,n}}{{F}_{r}}

        {V\_y}_{r,n} = \frac{{W\_y}_{r,n}}{{F}_{r}}

        {a\_x}_{r,k,n} = \frac{{b}_{r,k,n} {m}_{r,k}}{{q}_{r,k,n}}

        {a\_y}_{r,k,n} = - \frac{{m}_{r,k} {y}_{r,k,n}}{{q}_{r,k,n}}

        {a\_deviation}_{r,k,n} = {a\_x}_{r,k,n} - {\mu}_{r,k}

        {variance}_{r,k} = \sum_{n=0}^{N - 1} \left(\left({a\_deviation}_{r,k,n}^{2} - {a\_y}_{r,k,n}^{2}\right) {V\_x}_{r,n} + \left({a\_x}_{r,k,n}^{2} - {a\_y}_{r,k,n}^{2}\right) {V\_x}_{r,n} - 2 {V\_y}_{r,n} {a\_deviation}_{r,k,n} {a\_y}_{r,k,n} - 2 {V\_y}_{r,n} {a\_x}_{r,k,n} {a\_y}_{r,k,n}\right)

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Distances max(eta) - eta of the natural parameters below their maximum; +inf for a category of
        weight zero.
    tau : array (R,)
        Distance of the contour's reference point above max(eta); best at the saddle.
    sigma : array (R,)
        Scale: root of the sum of 1/(tau + gap)^2.
    mean : array (R, D)
        Means.
    F : array (R,)
        Sum of W_x.
    W_x : array (R, N)
        Weights.
    W_y : array (R, N)
        Weights, imaginary.
    zeta_x : array (N,)
        Nodes of the rule, real part.
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
        for rows in _blocks(R, D, all_nodes[0].stop):
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
        x = p[:, :, None]*zeta_x[nodes]
        y = p[:, :, None]*zeta_y[nodes]
        b = 1 + x
        q = b**2 + y**2
        V_x = W_x[:, nodes]*inverse_F[:, None]
        V_y = W_y[:, nodes]*inverse_F[:, None]
        inverse_q = 1/q
        a_x = b*inverse_q*m[:, :, None]
        a_y = -inverse_q*m[:, :, None]*y
        a_deviation = a_x - mean[:, :, None]
        variance += np.sum(V_x[:, None, :]*(a_deviation**2 - a_y**2) + V_x[:, None, :]*(a_x**2 - a_y**2) - 2*V_y[:, None, :]*a_deviation*a_y - 2*V_y[:, None, :]*a_x*a_y, 2)
    return variance,


def covariance_matvec(gap, tau, sigma, mean, F, W_x, W_y, zeta_x, zeta_y, v):
    r"""The covariance matrix times a vector.

    .. math::

        {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}

        {p}_{r,k} = \frac{{m}_{r,k}}{{\sigma}_{r}}

        {x}_{r,k,n} = {p}_{r,k} {\xi}_{n}

        {y}_{r,k,n} = {p}_{r,k} {\upsilon}_{n}

        {b}_{r,k,n} = {x}_{r,k,n} + 1

        {q}_{r,k,n} = {b}_{r,k,n}^{2} + {y}_{r,k,n}^{2}

        {V\_x}_{r,n} = \frac{{W\_x}_{r,n}}{{F}_{r}}

        {V\_y}_{r,n} = \frac{{W\_y}_{r,n}}{{F}_{r}}

        {a\_x}_{r,k,n} = \frac{{b}_{r,k,n} {m}_{r,k}}{{q}_{r,k,n}}

        {a\_y}_{r,k,n} = - \frac{{m}_{r,k} {y}_{r,k,n}}{{q}_{r,k,n}}

        {a\_deviation}_{r,k,n} = {a\_x}_{r,k,n} - {\mu}_{r,k}

        {e\_x}_{r,k,n} = \frac{{b}_{r,k,n} {m}_{r,k}}{{q}_{r,k,n}}

        {e\_y}_{r,k,n} = - \frac{{m}_{r,k} {y}_{r,k,n}}{{q}_{r,k,n}}

        {e\_deviation}_{r,k,n} = {e\_x}_{r,k,n} - {\mu}_{r,k}

        {c\_x}_{r,n} = \sum_{k=0}^{D - 1} {a\_deviation}_{r,k,n} {v}_{r,k}

        {c\_y}_{r,n} = \sum_{k=0}^{D - 1} {a\_y}_{r,k,n} {v}_{r,k}

        {product}_{r,k} = \sum_{n=0}^{N - 1} \left(\left(\left({e\_x}_{r,k,n}^{2} - {e\_y}_{r,k,n}^{2}\right) {V\_x}_{r,n} - 2 {V\_y}_{r,n} {e\_x}_{r,k,n} {e\_y}_{r,k,n}\right) {v}_{r,k} + \left({c\_x}_{r,n} {e\_deviation}_{r,k,n} - {c\_y}_{r,n} {e\_y}_{r,k,n}\right) {V\_x}_{r,n} - \left({c\_x}_{r,n} {e\_y}_{r,k,n} + {c\_y}_{r,n} {e\_deviation}_{r,k,n}\right) {V\_y}_{r,n}\right)

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Distances max(eta) - eta of the natural parameters below their maximum; +inf for a category of
        weight zero.
    tau : array (R,)
        Distance of the contour's reference point above max(eta); best at the saddle.
    sigma : array (R,)
        Scale: root of the sum of 1/(tau + gap)^2.
    mean : array (R, D)
        Means.
    F : array (R,)
        Sum of W_x.
    W_x : array (R, N)
        Weights.
    W_y : array (R, N)
        Weights, imaginary.
    zeta_x : array (N,)
        Nodes of the rule, real part.
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
        for rows in _blocks(R, D, all_nodes[0].stop):
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
        x = p[:, :, None]*zeta_x[nodes]
        y = p[:, :, None]*zeta_y[nodes]
        b = 1 + x
        q = b**2 + y**2
        V_x = W_x[:, nodes]*inverse_F[:, None]
        V_y = W_y[:, nodes]*inverse_F[:, None]
        inverse_q = 1/q
        b_over_q = b*inverse_q
        e_x = b_over_q*m[:, :, None]
        a_x = e_x
        y_over_q = inverse_q*y
        a_y = -m[:, :, None]*y_over_q
        a_deviation = a_x - mean[:, :, None]
        e_y = -m[:, :, None]*y_over_q
        e_deviation = e_x - mean[:, :, None]
        c_x = np.einsum("rb,rbj->rj", v, a_deviation)
        c_y = np.einsum("rb,rbj->rj", v, a_y)
        product += np.sum(V_x[:, None, :]*(c_x[:, None, :]*e_deviation - c_y[:, None, :]*e_y) + v[:, :, None]*(V_x[:, None, :]*(e_x**2 - e_y**2) - 2*V_y[:, None, :]*e_x*e_y) - V_y[:, None, :]*(c_x[:, None, :]*e_y + c_y[:, None, :]*e_deviation), 2)
    return product,


def power_sums_10(gap, tau, sigma, zeta_x, zeta_y):
    r"""The exponent of small categories at the nodes, by 10 power sums.

    .. math::

        {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}

        {p}_{r,k} = \frac{{m}_{r,k}}{{\sigma}_{r}}

        {power\_2}_{r,k} = {p}_{r,k}^{2}

        {power\_3}_{r,k} = {p}_{r,k} {power\_2}_{r,k}

        {power\_4}_{r,k} = {power\_2}_{r,k}^{2}

        {power\_5}_{r,k} = {power\_2}_{r,k} {power\_3}_{r,k}

        {\kappa_{2}}_{r} = \sum_{k=0}^{D - 1} {p}_{r,k}^{2}

        {\kappa_{3}}_{r} = \sum_{k=0}^{D - 1} {p}_{r,k} {power\_2}_{r,k}

        {\kappa_{4}}_{r} = \sum_{k=0}^{D - 1} {power\_2}_{r,k}^{2}

        {\kappa_{5}}_{r} = \sum_{k=0}^{D - 1} {power\_2}_{r,k} {power\_3}_{r,k}

        {\kappa_{6}}_{r} = \sum_{k=0}^{D - 1} {power\_3}_{r,k}^{2}

        {\kappa_{7}}_{r} = \sum_{k=0}^{D - 1} {power\_3}_{r,k} {power\_4}_{r,k}

        {\kappa_{8}}_{r} = \sum_{k=0}^{D - 1} {power\_4}_{r,k}^{2}

        {\kappa_{9}}_{r} = \sum_{k=0}^{D - 1} {power\_4}_{r,k} {power\_5}_{r,k}

        {\kappa_{10}}_{r} = \sum_{k=0}^{D - 1} {power\_5}_{r,k}^{2}

        {r\_y\_9}_{r,n} = \frac{{\kappa_{10}}_{r} {\upsilon}_{n}}{10}

        {r\_x\_9}_{r,n} = \frac{{\kappa_{10}}_{r} {\xi}_{n}}{10} - \frac{{\kappa_{9}}_{r}}{9}

        {r\_x\_8}_{r,n} = \frac{{\kappa_{8}}_{r}}{8} + {r\_x\_9}_{r,n} {\xi}_{n} - {r\_y\_9}_{r,n} {\upsilon}_{n}

        {r\_y\_8}_{r,n} = {r\_x\_9}_{r,n} {\upsilon}_{n} + {r\_y\_9}_{r,n} {\xi}_{n}

        {r\_x\_7}_{r,n} = - \frac{{\kappa_{7}}_{r}}{7} + {r\_x\_8}_{r,n} {\xi}_{n} - {r\_y\_8}_{r,n} {\upsilon}_{n}

        {r\_y\_7}_{r,n} = {r\_x\_8}_{r,n} {\upsilon}_{n} + {r\_y\_8}_{r,n} {\xi}_{n}

        {r\_x\_6}_{r,n} = \frac{{\kappa_{6}}_{r}}{6} + {r\_x\_7}_{r,n} {\xi}_{n} - {r\_y\_7}_{r,n} {\upsilon}_{n}

        {r\_y\_6}_{r,n} = {r\_x\_7}_{r,n} {\upsilon}_{n} + {r\_y\_7}_{r,n} {\xi}_{n}

        {r\_x\_5}_{r,n} = - \frac{{\kappa_{5}}_{r}}{5} + {r\_x\_6}_{r,n} {\xi}_{n} - {r\_y\_6}_{r,n} {\upsilon}_{n}

        {r\_y\_5}_{r,n} = {r\_x\_6}_{r,n} {\upsilon}_{n} + {r\_y\_6}_{r,n} {\xi}_{n}

        {r\_x\_4}_{r,n} = \frac{{\kappa_{4}}_{r}}{4} + {r\_x\_5}_{r,n} {\xi}_{n} - {r\_y\_5}_{r,n} {\upsilon}_{n}

        {r\_y\_4}_{r,n} = {r\_x\_5}_{r,n} {\upsilon}_{n} + {r\_y\_5}_{r,n} {\xi}_{n}

        {r\_x\_3}_{r,n} = - \frac{{\kappa_{3}}_{r}}{3} + {r\_x\_4}_{r,n} {\xi}_{n} - {r\_y\_4}_{r,n} {\upsilon}_{n}

        {r\_y\_3}_{r,n} = {r\_x\_4}_{r,n} {\upsilon}_{n} + {r\_y\_4}_{r,n} {\xi}_{n}

        {r\_x\_2}_{r,n} = \frac{{\kappa_{2}}_{r}}{2} + {r\_x\_3}_{r,n} {\xi}_{n} - {r\_y\_3}_{r,n} {\upsilon}_{n}

        {r\_y\_2}_{r,n} = {r\_x\_3}_{r,n} {\upsilon}_{n} + {r\_y\_3}_{r,n} {\xi}_{n}

        {one\_x}_{r,n} = {r\_x\_2}_{r,n} {\xi}_{n} - {r\_y\_2}_{r,n} {\upsilon}_{n}

        {one\_y}_{r,n} = {r\_x\_2}_{r,n} {\upsilon}_{n} + {r\_y\_2}_{r,n} {\xi}_{n}

        {rest\_x}_{r,n} = {one\_x}_{r,n} {\xi}_{n} - {one\_y}_{r,n} {\upsilon}_{n}

        {rest\_y}_{r,n} = {one\_x}_{r,n} {\upsilon}_{n} + {one\_y}_{r,n} {\xi}_{n}

        {rest\_log}_{r} = \sum_{k=0}^{D - 1} \log{\left({g}_{r,k} + {\tau}_{r} \right)}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Distances max(eta) - eta of the natural parameters below their maximum; +inf for a category of
        weight zero.
    tau : array (R,)
        Distance of the contour's reference point above max(eta); best at the saddle.
    sigma : array (R,)
        Scale: root of the sum of 1/(tau + gap)^2.
    zeta_x : array (N,)
        Nodes of the rule, real part.
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
        for rows in _blocks(R, all_ks[0].stop):
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
    r_y_9 = (1/10)*kappa_10[:, None]*zeta_y
    r_x_9 = (1/10)*kappa_10[:, None]*zeta_x - 1/9*kappa_9[:, None]
    r_x_8 = (1/8)*kappa_8[:, None] + r_x_9*zeta_x - r_y_9*zeta_y
    r_y_8 = r_x_9*zeta_y + r_y_9*zeta_x
    r_x_7 = r_x_8*zeta_x - 1/7*kappa_7[:, None] - r_y_8*zeta_y
    r_y_7 = r_x_8*zeta_y + r_y_8*zeta_x
    r_x_6 = (1/6)*kappa_6[:, None] + r_x_7*zeta_x - r_y_7*zeta_y
    r_y_6 = r_x_7*zeta_y + r_y_7*zeta_x
    r_x_5 = r_x_6*zeta_x - 1/5*kappa_5[:, None] - r_y_6*zeta_y
    r_y_5 = r_x_6*zeta_y + r_y_6*zeta_x
    r_x_4 = (1/4)*kappa_4[:, None] + r_x_5*zeta_x - r_y_5*zeta_y
    r_y_4 = r_x_5*zeta_y + r_y_5*zeta_x
    r_x_3 = r_x_4*zeta_x - 1/3*kappa_3[:, None] - r_y_4*zeta_y
    r_y_3 = r_x_4*zeta_y + r_y_4*zeta_x
    r_x_2 = (1/2)*kappa_2[:, None] + r_x_3*zeta_x - r_y_3*zeta_y
    r_y_2 = r_x_3*zeta_y + r_y_3*zeta_x
    one_x = r_x_2*zeta_x - r_y_2*zeta_y
    one_y = r_x_2*zeta_y + r_y_2*zeta_x
    rest_x = one_x*zeta_x - one_y*zeta_y
    rest_y = one_x*zeta_y + one_y*zeta_x
    return rest_x, rest_y, rest_log


def power_means_10(gap, tau, sigma, F, W_x, W_y, zeta_x, zeta_y):
    r"""The means of small categories.

    .. math::

        {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}

        {p}_{r,k} = \frac{{m}_{r,k}}{{\sigma}_{r}}

        {v\_x\_1}_{r,n} = {W\_x}_{r,n} {\xi}_{n} - {W\_y}_{r,n} {\upsilon}_{n}

        {v\_y\_1}_{r,n} = {W\_x}_{r,n} {\upsilon}_{n} + {W\_y}_{r,n} {\xi}_{n}

        {v\_x\_2}_{r,n} = {v\_x\_1}_{r,n} {\xi}_{n} - {v\_y\_1}_{r,n} {\upsilon}_{n}

        {v\_y\_2}_{r,n} = {v\_x\_1}_{r,n} {\upsilon}_{n} + {v\_y\_1}_{r,n} {\xi}_{n}

        {v\_x\_3}_{r,n} = {v\_x\_2}_{r,n} {\xi}_{n} - {v\_y\_2}_{r,n} {\upsilon}_{n}

        {v\_y\_3}_{r,n} = {v\_x\_2}_{r,n} {\upsilon}_{n} + {v\_y\_2}_{r,n} {\xi}_{n}

        {v\_x\_4}_{r,n} = {v\_x\_3}_{r,n} {\xi}_{n} - {v\_y\_3}_{r,n} {\upsilon}_{n}

        {v\_y\_4}_{r,n} = {v\_x\_3}_{r,n} {\upsilon}_{n} + {v\_y\_3}_{r,n} {\xi}_{n}

        {v\_x\_5}_{r,n} = {v\_x\_4}_{r,n} {\xi}_{n} - {v\_y\_4}_{r,n} {\upsilon}_{n}

        {v\_y\_5}_{r,n} = {v\_x\_4}_{r,n} {\upsilon}_{n} + {v\_y\_4}_{r,n} {\xi}_{n}

        {v\_x\_6}_{r,n} = {v\_x\_5}_{r,n} {\xi}_{n} - {v\_y\_5}_{r,n} {\upsilon}_{n}

        {v\_y\_6}_{r,n} = {v\_x\_5}_{r,n} {\upsilon}_{n} + {v\_y\_5}_{r,n} {\xi}_{n}

        {v\_x\_7}_{r,n} = {v\_x\_6}_{r,n} {\xi}_{n} - {v\_y\_6}_{r,n} {\upsilon}_{n}

        {v\_y\_7}_{r,n} = {v\_x\_6}_{r,n} {\upsilon}_{n} + {v\_y\_6}_{r,n} {\xi}_{n}

        {v\_x\_8}_{r,n} = {v\_x\_7}_{r,n} {\xi}_{n} - {v\_y\_7}_{r,n} {\upsilon}_{n}

        {v\_y\_8}_{r,n} = {v\_x\_7}_{r,n} {\upsilon}_{n} + {v\_y\_7}_{r,n} {\xi}_{n}

        {M0}_{r} = \sum_{n=0}^{N - 1} {W\_x}_{r,n}

        {M1}_{r} = \sum_{n=0}^{N - 1} {v\_x\_1}_{r,n}

        {M2}_{r} = \sum_{n=0}^{N - 1} {v\_x\_2}_{r,n}

        {M3}_{r} = \sum_{n=0}^{N - 1} {v\_x\_3}_{r,n}

        {M4}_{r} = \sum_{n=0}^{N - 1} {v\_x\_4}_{r,n}

        {M5}_{r} = \sum_{n=0}^{N - 1} {v\_x\_5}_{r,n}

        {M6}_{r} = \sum_{n=0}^{N - 1} {v\_x\_6}_{r,n}

        {M7}_{r} = \sum_{n=0}^{N - 1} {v\_x\_7}_{r,n}

        {M8}_{r} = \sum_{n=0}^{N - 1} {v\_x\_8}_{r,n}

        {\mu}_{r,k} = \frac{\left(- \left(- \left(- \left(- \left(- \left(- \left(- \left({M7}_{r} - {M8}_{r} {p}_{r,k}\right) {p}_{r,k} + {M6}_{r}\right) {p}_{r,k} + {M5}_{r}\right) {p}_{r,k} + {M4}_{r}\right) {p}_{r,k} + {M3}_{r}\right) {p}_{r,k} + {M2}_{r}\right) {p}_{r,k} + {M1}_{r}\right) {p}_{r,k} + {M0}_{r}\right) {m}_{r,k}}{{F}_{r}}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Distances max(eta) - eta of the natural parameters below their maximum; +inf for a category of
        weight zero.
    tau : array (R,)
        Distance of the contour's reference point above max(eta); best at the saddle.
    sigma : array (R,)
        Scale: root of the sum of 1/(tau + gap)^2.
    F : array (R,)
        Their sum.
    W_x : array (R, N)
        Weights.
    W_y : array (R, N)
        Weights.
    zeta_x : array (N,)
        Nodes of the rule, real part.
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
    N = W_x.shape[1]
    mean = np.empty((R, D), gap.dtype)
    all_ks = _blocks(D, most=2**14)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, all_ks[0].stop):
            block = _power_means_10(gap[rows], tau[rows], sigma[rows], F[rows], W_x[rows], W_y[rows], zeta_x, zeta_y, all_ks)
            mean[rows], = block
    return mean,


def _power_means_10(gap, tau, sigma, F, W_x, W_y, zeta_x, zeta_y, all_ks):
    inverse_sigma = 1/sigma
    v_x_1 = W_x*zeta_x - W_y*zeta_y
    v_y_1 = W_x*zeta_y + W_y*zeta_x
    v_x_2 = v_x_1*zeta_x - v_y_1*zeta_y
    v_y_2 = v_x_1*zeta_y + v_y_1*zeta_x
    v_x_3 = v_x_2*zeta_x - v_y_2*zeta_y
    v_y_3 = v_x_2*zeta_y + v_y_2*zeta_x
    v_x_4 = v_x_3*zeta_x - v_y_3*zeta_y
    v_y_4 = v_x_3*zeta_y + v_y_3*zeta_x
    v_x_5 = v_x_4*zeta_x - v_y_4*zeta_y
    v_y_5 = v_x_4*zeta_y + v_y_4*zeta_x
    v_x_6 = v_x_5*zeta_x - v_y_5*zeta_y
    v_y_6 = v_x_5*zeta_y + v_y_5*zeta_x
    v_x_7 = v_x_6*zeta_x - v_y_6*zeta_y
    v_y_7 = v_x_6*zeta_y + v_y_6*zeta_x
    v_x_8 = v_x_7*zeta_x - v_y_7*zeta_y
    M0 = np.sum(W_x, 1)
    M1 = np.sum(v_x_1, 1)
    M2 = np.sum(v_x_2, 1)
    M3 = np.sum(v_x_3, 1)
    M4 = np.sum(v_x_4, 1)
    M5 = np.sum(v_x_5, 1)
    M6 = np.sum(v_x_6, 1)
    M7 = np.sum(v_x_7, 1)
    M8 = np.sum(v_x_8, 1)
    inverse_F = 1/F
    all_mean = []
    for ks in all_ks:
        m = 1/(gap[:, ks] + tau[:, None])
        p = inverse_sigma[:, None]*m
        mean = inverse_F[:, None]*m*(M0[:, None] - p*(M1[:, None] - p*(M2[:, None] - p*(M3[:, None] - p*(M4[:, None] - p*(M5[:, None] - p*(M6[:, None] - p*(M7[:, None] - M8[:, None]*p))))))))
        all_mean.append(mean)
    mean = np.concatenate(all_mean, 1)
    return mean,


def power_sums_20(gap, tau, sigma, zeta_x, zeta_y):
    r"""The exponent of small categories at the nodes, by 20 power sums.

    .. math::

        {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}

        {p}_{r,k} = \frac{{m}_{r,k}}{{\sigma}_{r}}

        {power\_2}_{r,k} = {p}_{r,k}^{2}

        {power\_3}_{r,k} = {p}_{r,k} {power\_2}_{r,k}

        {power\_4}_{r,k} = {power\_2}_{r,k}^{2}

        {power\_5}_{r,k} = {power\_2}_{r,k} {power\_3}_{r,k}

        {power\_6}_{r,k} = {power\_3}_{r,k}^{2}

        {power\_7}_{r,k} = {power\_3}_{r,k} {power\_4}_{r,k}

        {power\_8}_{r,k} = {power\_4}_{r,k}^{2}

        {power\_9}_{r,k} = {power\_4}_{r,k} {power\_5}_{r,k}

        {power\_10}_{r,k} = {power\_5}_{r,k}^{2}

        {\kappa_{2}}_{r} = \sum_{k=0}^{D - 1} {p}_{r,k}^{2}

        {\kappa_{3}}_{r} = \sum_{k=0}^{D - 1} {p}_{r,k} {power\_2}_{r,k}

        {\kappa_{4}}_{r} = \sum_{k=0}^{D - 1} {power\_2}_{r,k}^{2}

        {\kappa_{5}}_{r} = \sum_{k=0}^{D - 1} {power\_2}_{r,k} {power\_3}_{r,k}

        {\kappa_{6}}_{r} = \sum_{k=0}^{D - 1} {power\_3}_{r,k}^{2}

        {\kappa_{7}}_{r} = \sum_{k=0}^{D - 1} {power\_3}_{r,k} {power\_4}_{r,k}

        {\kappa_{8}}_{r} = \sum_{k=0}^{D - 1} {power\_4}_{r,k}^{2}

        {\kappa_{9}}_{r} = \sum_{k=0}^{D - 1} {power\_4}_{r,k} {power\_5}_{r,k}

        {\kappa_{10}}_{r} = \sum_{k=0}^{D - 1} {power\_5}_{r,k}^{2}

        {\kappa_{11}}_{r} = \sum_{k=0}^{D - 1} {power\_5}_{r,k} {power\_6}_{r,k}

        {\kappa_{12}}_{r} = \sum_{k=0}^{D - 1} {power\_6}_{r,k}^{2}

        {\kappa_{13}}_{r} = \sum_{k=0}^{D - 1} {power\_6}_{r,k} {power\_7}_{r,k}

        {\kappa_{14}}_{r} = \sum_{k=0}^{D - 1} {power\_7}_{r,k}^{2}

        {\kappa_{15}}_{r} = \sum_{k=0}^{D - 1} {power\_7}_{r,k} {power\_8}_{r,k}

        {\kappa_{16}}_{r} = \sum_{k=0}^{D - 1} {power\_8}_{r,k}^{2}

        {\kappa_{17}}_{r} = \sum_{k=0}^{D - 1} {power\_8}_{r,k} {power\_9}_{r,k}

        {\kappa_{18}}_{r} = \sum_{k=0}^{D - 1} {power\_9}_{r,k}^{2}

        {\kappa_{19}}_{r} = \sum_{k=0}^{D - 1} {power\_10}_{r,k} {power\_9}_{r,k}

        {\kappa_{20}}_{r} = \sum_{k=0}^{D - 1} {power\_10}_{r,k}^{2}

        {r\_y\_19}_{r,n} = \frac{{\kappa_{20}}_{r} {\upsilon}_{n}}{20}

        {r\_x\_19}_{r,n} = - \frac{{\kappa_{19}}_{r}}{19} + \frac{{\kappa_{20}}_{r} {\xi}_{n}}{20}

        {r\_x\_18}_{r,n} = \frac{{\kappa_{18}}_{r}}{18} + {r\_x\_19}_{r,n} {\xi}_{n} - {r\_y\_19}_{r,n} {\upsilon}_{n}

        {r\_y\_18}_{r,n} = {r\_x\_19}_{r,n} {\upsilon}_{n} + {r\_y\_19}_{r,n} {\xi}_{n}

        {r\_x\_17}_{r,n} = - \frac{{\kappa_{17}}_{r}}{17} + {r\_x\_18}_{r,n} {\xi}_{n} - {r\_y\_18}_{r,n} {\upsilon}_{n}

        {r\_y\_17}_{r,n} = {r\_x\_18}_{r,n} {\upsilon}_{n} + {r\_y\_18}_{r,n} {\xi}_{n}

        {r\_x\_16}_{r,n} = \frac{{\kappa_{16}}_{r}}{16} + {r\_x\_17}_{r,n} {\xi}_{n} - {r\_y\_17}_{r,n} {\upsilon}_{n}

        {r\_y\_16}_{r,n} = {r\_x\_17}_{r,n} {\upsilon}_{n} + {r\_y\_17}_{r,n} {\xi}_{n}

        {r\_x\_15}_{r,n} = - \frac{{\kappa_{15}}_{r}}{15} + {r\_x\_16}_{r,n} {\xi}_{n} - {r\_y\_16}_{r,n} {\upsilon}_{n}

        {r\_y\_15}_{r,n} = {r\_x\_16}_{r,n} {\upsilon}_{n} + {r\_y\_16}_{r,n} {\xi}_{n}

        {r\_x\_14}_{r,n} = \frac{{\kappa_{14}}_{r}}{14} + {r\_x\_15}_{r,n} {\xi}_{n} - {r\_y\_15}_{r,n} {\upsilon}_{n}

        {r\_y\_14}_{r,n} = {r\_x\_15}_{r,n} {\upsilon}_{n} + {r\_y\_15}_{r,n} {\xi}_{n}

        {r\_x\_13}_{r,n} = - \frac{{\kappa_{13}}_{r}}{13} + {r\_x\_14}_{r,n} {\xi}_{n} - {r\_y\_14}_{r,n} {\upsilon}_{n}

        {r\_y\_13}_{r,n} = {r\_x\_14}_{r,n} {\upsilon}_{n} + {r\_y\_14}_{r,n} {\xi}_{n}

        {r\_x\_12}_{r,n} = \frac{{\kappa_{12}}_{r}}{12} + {r\_x\_13}_{r,n} {\xi}_{n} - {r\_y\_13}_{r,n} {\upsilon}_{n}

        {r\_y\_12}_{r,n} = {r\_x\_13}_{r,n} {\upsilon}_{n} + {r\_y\_13}_{r,n} {\xi}_{n}

        {r\_x\_11}_{r,n} = - \frac{{\kappa_{11}}_{r}}{11} + {r\_x\_12}_{r,n} {\xi}_{n} - {r\_y\_12}_{r,n} {\upsilon}_{n}

        {r\_y\_11}_{r,n} = {r\_x\_12}_{r,n} {\upsilon}_{n} + {r\_y\_12}_{r,n} {\xi}_{n}

        {r\_x\_10}_{r,n} = \frac{{\kappa_{10}}_{r}}{10} + {r\_x\_11}_{r,n} {\xi}_{n} - {r\_y\_11}_{r,n} {\upsilon}_{n}

        {r\_y\_10}_{r,n} = {r\_x\_11}_{r,n} {\upsilon}_{n} + {r\_y\_11}_{r,n} {\xi}_{n}

        {r\_x\_9}_{r,n} = - \frac{{\kappa_{9}}_{r}}{9} + {r\_x\_10}_{r,n} {\xi}_{n} - {r\_y\_10}_{r,n} {\upsilon}_{n}

        {r\_y\_9}_{r,n} = {r\_x\_10}_{r,n} {\upsilon}_{n} + {r\_y\_10}_{r,n} {\xi}_{n}

        {r\_x\_8}_{r,n} = \frac{{\kappa_{8}}_{r}}{8} + {r\_x\_9}_{r,n} {\xi}_{n} - {r\_y\_9}_{r,n} {\upsilon}_{n}

        {r\_y\_8}_{r,n} = {r\_x\_9}_{r,n} {\upsilon}_{n} + {r\_y\_9}_{r,n} {\xi}_{n}

        {r\_x\_7}_{r,n} = - \frac{{\kappa_{7}}_{r}}{7} + {r\_x\_8}_{r,n} {\xi}_{n} - {r\_y\_8}_{r,n} {\upsilon}_{n}

        {r\_y\_7}_{r,n} = {r\_x\_8}_{r,n} {\upsilon}_{n} + {r\_y\_8}_{r,n} {\xi}_{n}

        {r\_x\_6}_{r,n} = \frac{{\kappa_{6}}_{r}}{6} + {r\_x\_7}_{r,n} {\xi}_{n} - {r\_y\_7}_{r,n} {\upsilon}_{n}

        {r\_y\_6}_{r,n} = {r\_x\_7}_{r,n} {\upsilon}_{n} + {r\_y\_7}_{r,n} {\xi}_{n}

        {r\_x\_5}_{r,n} = - \frac{{\kappa_{5}}_{r}}{5} + {r\_x\_6}_{r,n} {\xi}_{n} - {r\_y\_6}_{r,n} {\upsilon}_{n}

        {r\_y\_5}_{r,n} = {r\_x\_6}_{r,n} {\upsilon}_{n} + {r\_y\_6}_{r,n} {\xi}_{n}

        {r\_x\_4}_{r,n} = \frac{{\kappa_{4}}_{r}}{4} + {r\_x\_5}_{r,n} {\xi}_{n} - {r\_y\_5}_{r,n} {\upsilon}_{n}

        {r\_y\_4}_{r,n} = {r\_x\_5}_{r,n} {\upsilon}_{n} + {r\_y\_5}_{r,n} {\xi}_{n}

        {r\_x\_3}_{r,n} = - \frac{{\kappa_{3}}_{r}}{3} + {r\_x\_4}_{r,n} {\xi}_{n} - {r\_y\_4}_{r,n} {\upsilon}_{n}

        {r\_y\_3}_{r,n} = {r\_x\_4}_{r,n} {\upsilon}_{n} + {r\_y\_4}_{r,n} {\xi}_{n}

        {r\_x\_2}_{r,n} = \frac{{\kappa_{2}}_{r}}{2} + {r\_x\_3}_{r,n} {\xi}_{n} - {r\_y\_3}_{r,n} {\upsilon}_{n}

        {r\_y\_2}_{r,n} = {r\_x\_3}_{r,n} {\upsilon}_{n} + {r\_y\_3}_{r,n} {\xi}_{n}

        {one\_x}_{r,n} = {r\_x\_2}_{r,n} {\xi}_{n} - {r\_y\_2}_{r,n} {\upsilon}_{n}

        {one\_y}_{r,n} = {r\_x\_2}_{r,n} {\upsilon}_{n} + {r\_y\_2}_{r,n} {\xi}_{n}

        {rest\_x}_{r,n} = {one\_x}_{r,n} {\xi}_{n} - {one\_y}_{r,n} {\upsilon}_{n}

        {rest\_y}_{r,n} = {one\_x}_{r,n} {\upsilon}_{n} + {one\_y}_{r,n} {\xi}_{n}

        {rest\_log}_{r} = \sum_{k=0}^{D - 1} \log{\left({g}_{r,k} + {\tau}_{r} \right)}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Distances max(eta) - eta of the natural parameters below their maximum; +inf for a category of
        weight zero.
    tau : array (R,)
        Distance of the contour's reference point above max(eta); best at the saddle.
    sigma : array (R,)
        Scale: root of the sum of 1/(tau + gap)^2.
    zeta_x : array (N,)
        Nodes of the rule, real part.
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
        for rows in _blocks(R, all_ks[0].stop):
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
    r_y_19 = (1/20)*kappa_20[:, None]*zeta_y
    r_x_19 = (1/20)*kappa_20[:, None]*zeta_x - 1/19*kappa_19[:, None]
    r_x_18 = (1/18)*kappa_18[:, None] + r_x_19*zeta_x - r_y_19*zeta_y
    r_y_18 = r_x_19*zeta_y + r_y_19*zeta_x
    r_x_17 = r_x_18*zeta_x - 1/17*kappa_17[:, None] - r_y_18*zeta_y
    r_y_17 = r_x_18*zeta_y + r_y_18*zeta_x
    r_x_16 = (1/16)*kappa_16[:, None] + r_x_17*zeta_x - r_y_17*zeta_y
    r_y_16 = r_x_17*zeta_y + r_y_17*zeta_x
    r_x_15 = r_x_16*zeta_x - 1/15*kappa_15[:, None] - r_y_16*zeta_y
    r_y_15 = r_x_16*zeta_y + r_y_16*zeta_x
    r_x_14 = (1/14)*kappa_14[:, None] + r_x_15*zeta_x - r_y_15*zeta_y
    r_y_14 = r_x_15*zeta_y + r_y_15*zeta_x
    r_x_13 = r_x_14*zeta_x - 1/13*kappa_13[:, None] - r_y_14*zeta_y
    r_y_13 = r_x_14*zeta_y + r_y_14*zeta_x
    r_x_12 = (1/12)*kappa_12[:, None] + r_x_13*zeta_x - r_y_13*zeta_y
    r_y_12 = r_x_13*zeta_y + r_y_13*zeta_x
    r_x_11 = r_x_12*zeta_x - 1/11*kappa_11[:, None] - r_y_12*zeta_y
    r_y_11 = r_x_12*zeta_y + r_y_12*zeta_x
    r_x_10 = (1/10)*kappa_10[:, None] + r_x_11*zeta_x - r_y_11*zeta_y
    r_y_10 = r_x_11*zeta_y + r_y_11*zeta_x
    r_x_9 = r_x_10*zeta_x - 1/9*kappa_9[:, None] - r_y_10*zeta_y
    r_y_9 = r_x_10*zeta_y + r_y_10*zeta_x
    r_x_8 = (1/8)*kappa_8[:, None] + r_x_9*zeta_x - r_y_9*zeta_y
    r_y_8 = r_x_9*zeta_y + r_y_9*zeta_x
    r_x_7 = r_x_8*zeta_x - 1/7*kappa_7[:, None] - r_y_8*zeta_y
    r_y_7 = r_x_8*zeta_y + r_y_8*zeta_x
    r_x_6 = (1/6)*kappa_6[:, None] + r_x_7*zeta_x - r_y_7*zeta_y
    r_y_6 = r_x_7*zeta_y + r_y_7*zeta_x
    r_x_5 = r_x_6*zeta_x - 1/5*kappa_5[:, None] - r_y_6*zeta_y
    r_y_5 = r_x_6*zeta_y + r_y_6*zeta_x
    r_x_4 = (1/4)*kappa_4[:, None] + r_x_5*zeta_x - r_y_5*zeta_y
    r_y_4 = r_x_5*zeta_y + r_y_5*zeta_x
    r_x_3 = r_x_4*zeta_x - 1/3*kappa_3[:, None] - r_y_4*zeta_y
    r_y_3 = r_x_4*zeta_y + r_y_4*zeta_x
    r_x_2 = (1/2)*kappa_2[:, None] + r_x_3*zeta_x - r_y_3*zeta_y
    r_y_2 = r_x_3*zeta_y + r_y_3*zeta_x
    one_x = r_x_2*zeta_x - r_y_2*zeta_y
    one_y = r_x_2*zeta_y + r_y_2*zeta_x
    rest_x = one_x*zeta_x - one_y*zeta_y
    rest_y = one_x*zeta_y + one_y*zeta_x
    return rest_x, rest_y, rest_log


def power_means_20(gap, tau, sigma, F, W_x, W_y, zeta_x, zeta_y):
    r"""The means of small categories.

    .. math::

        {m}_{r,k} = \frac{1}{{g}_{r,k} + {\tau}_{r}}

        {p}_{r,k} = \frac{{m}_{r,k}}{{\sigma}_{r}}

        {v\_x\_1}_{r,n} = {W\_x}_{r,n} {\xi}_{n} - {W\_y}_{r,n} {\upsilon}_{n}

        {v\_y\_1}_{r,n} = {W\_x}_{r,n} {\upsilon}_{n} + {W\_y}_{r,n} {\xi}_{n}

        {v\_x\_2}_{r,n} = {v\_x\_1}_{r,n} {\xi}_{n} - {v\_y\_1}_{r,n} {\upsilon}_{n}

        {v\_y\_2}_{r,n} = {v\_x\_1}_{r,n} {\upsilon}_{n} + {v\_y\_1}_{r,n} {\xi}_{n}

        {v\_x\_3}_{r,n} = {v\_x\_2}_{r,n} {\xi}_{n} - {v\_y\_2}_{r,n} {\upsilon}_{n}

        {v\_y\_3}_{r,n} = {v\_x\_2}_{r,n} {\upsilon}_{n} + {v\_y\_2}_{r,n} {\xi}_{n}

        {v\_x\_4}_{r,n} = {v\_x\_3}_{r,n} {\xi}_{n} - {v\_y\_3}_{r,n} {\upsilon}_{n}

        {v\_y\_4}_{r,n} = {v\_x\_3}_{r,n} {\upsilon}_{n} + {v\_y\_3}_{r,n} {\xi}_{n}

        {v\_x\_5}_{r,n} = {v\_x\_4}_{r,n} {\xi}_{n} - {v\_y\_4}_{r,n} {\upsilon}_{n}

        {v\_y\_5}_{r,n} = {v\_x\_4}_{r,n} {\upsilon}_{n} + {v\_y\_4}_{r,n} {\xi}_{n}

        {v\_x\_6}_{r,n} = {v\_x\_5}_{r,n} {\xi}_{n} - {v\_y\_5}_{r,n} {\upsilon}_{n}

        {v\_y\_6}_{r,n} = {v\_x\_5}_{r,n} {\upsilon}_{n} + {v\_y\_5}_{r,n} {\xi}_{n}

        {v\_x\_7}_{r,n} = {v\_x\_6}_{r,n} {\xi}_{n} - {v\_y\_6}_{r,n} {\upsilon}_{n}

        {v\_y\_7}_{r,n} = {v\_x\_6}_{r,n} {\upsilon}_{n} + {v\_y\_6}_{r,n} {\xi}_{n}

        {v\_x\_8}_{r,n} = {v\_x\_7}_{r,n} {\xi}_{n} - {v\_y\_7}_{r,n} {\upsilon}_{n}

        {v\_y\_8}_{r,n} = {v\_x\_7}_{r,n} {\upsilon}_{n} + {v\_y\_7}_{r,n} {\xi}_{n}

        {v\_x\_9}_{r,n} = {v\_x\_8}_{r,n} {\xi}_{n} - {v\_y\_8}_{r,n} {\upsilon}_{n}

        {v\_y\_9}_{r,n} = {v\_x\_8}_{r,n} {\upsilon}_{n} + {v\_y\_8}_{r,n} {\xi}_{n}

        {v\_x\_10}_{r,n} = {v\_x\_9}_{r,n} {\xi}_{n} - {v\_y\_9}_{r,n} {\upsilon}_{n}

        {v\_y\_10}_{r,n} = {v\_x\_9}_{r,n} {\upsilon}_{n} + {v\_y\_9}_{r,n} {\xi}_{n}

        {v\_x\_11}_{r,n} = {v\_x\_10}_{r,n} {\xi}_{n} - {v\_y\_10}_{r,n} {\upsilon}_{n}

        {v\_y\_11}_{r,n} = {v\_x\_10}_{r,n} {\upsilon}_{n} + {v\_y\_10}_{r,n} {\xi}_{n}

        {v\_x\_12}_{r,n} = {v\_x\_11}_{r,n} {\xi}_{n} - {v\_y\_11}_{r,n} {\upsilon}_{n}

        {v\_y\_12}_{r,n} = {v\_x\_11}_{r,n} {\upsilon}_{n} + {v\_y\_11}_{r,n} {\xi}_{n}

        {v\_x\_13}_{r,n} = {v\_x\_12}_{r,n} {\xi}_{n} - {v\_y\_12}_{r,n} {\upsilon}_{n}

        {v\_y\_13}_{r,n} = {v\_x\_12}_{r,n} {\upsilon}_{n} + {v\_y\_12}_{r,n} {\xi}_{n}

        {v\_x\_14}_{r,n} = {v\_x\_13}_{r,n} {\xi}_{n} - {v\_y\_13}_{r,n} {\upsilon}_{n}

        {v\_y\_14}_{r,n} = {v\_x\_13}_{r,n} {\upsilon}_{n} + {v\_y\_13}_{r,n} {\xi}_{n}

        {v\_x\_15}_{r,n} = {v\_x\_14}_{r,n} {\xi}_{n} - {v\_y\_14}_{r,n} {\upsilon}_{n}

        {v\_y\_15}_{r,n} = {v\_x\_14}_{r,n} {\upsilon}_{n} + {v\_y\_14}_{r,n} {\xi}_{n}

        {v\_x\_16}_{r,n} = {v\_x\_15}_{r,n} {\xi}_{n} - {v\_y\_15}_{r,n} {\upsilon}_{n}

        {v\_y\_16}_{r,n} = {v\_x\_15}_{r,n} {\upsilon}_{n} + {v\_y\_15}_{r,n} {\xi}_{n}

        {v\_x\_17}_{r,n} = {v\_x\_16}_{r,n} {\xi}_{n} - {v\_y\_16}_{r,n} {\upsilon}_{n}

        {v\_y\_17}_{r,n} = {v\_x\_16}_{r,n} {\upsilon}_{n} + {v\_y\_16}_{r,n} {\xi}_{n}

        {v\_x\_18}_{r,n} = {v\_x\_17}_{r,n} {\xi}_{n} - {v\_y\_17}_{r,n} {\upsilon}_{n}

        {v\_y\_18}_{r,n} = {v\_x\_17}_{r,n} {\upsilon}_{n} + {v\_y\_17}_{r,n} {\xi}_{n}

        {M0}_{r} = \sum_{n=0}^{N - 1} {W\_x}_{r,n}

        {M1}_{r} = \sum_{n=0}^{N - 1} {v\_x\_1}_{r,n}

        {M2}_{r} = \sum_{n=0}^{N - 1} {v\_x\_2}_{r,n}

        {M3}_{r} = \sum_{n=0}^{N - 1} {v\_x\_3}_{r,n}

        {M4}_{r} = \sum_{n=0}^{N - 1} {v\_x\_4}_{r,n}

        {M5}_{r} = \sum_{n=0}^{N - 1} {v\_x\_5}_{r,n}

        {M6}_{r} = \sum_{n=0}^{N - 1} {v\_x\_6}_{r,n}

        {M7}_{r} = \sum_{n=0}^{N - 1} {v\_x\_7}_{r,n}

        {M8}_{r} = \sum_{n=0}^{N - 1} {v\_x\_8}_{r,n}

        {M9}_{r} = \sum_{n=0}^{N - 1} {v\_x\_9}_{r,n}

        {M10}_{r} = \sum_{n=0}^{N - 1} {v\_x\_10}_{r,n}

        {M11}_{r} = \sum_{n=0}^{N - 1} {v\_x\_11}_{r,n}

        {M12}_{r} = \sum_{n=0}^{N - 1} {v\_x\_12}_{r,n}

        {M13}_{r} = \sum_{n=0}^{N - 1} {v\_x\_13}_{r,n}

        {M14}_{r} = \sum_{n=0}^{N - 1} {v\_x\_14}_{r,n}

        {M15}_{r} = \sum_{n=0}^{N - 1} {v\_x\_15}_{r,n}

        {M16}_{r} = \sum_{n=0}^{N - 1} {v\_x\_16}_{r,n}

        {M17}_{r} = \sum_{n=0}^{N - 1} {v\_x\_17}_{r,n}

        {M18}_{r} = \sum_{n=0}^{N - 1} {v\_x\_18}_{r,n}

        {\mu}_{r,k} = \frac{\left(- \left(- \left(- \left(- \left(- \left(- \left(- \left(- \left(- \left(- \left(- \left(- \left(- \left(- \left(- \left(- \left(- \left({M17}_{r} - {M18}_{r} {p}_{r,k}\right) {p}_{r,k} + {M16}_{r}\right) {p}_{r,k} + {M15}_{r}\right) {p}_{r,k} + {M14}_{r}\right) {p}_{r,k} + {M13}_{r}\right) {p}_{r,k} + {M12}_{r}\right) {p}_{r,k} + {M11}_{r}\right) {p}_{r,k} + {M10}_{r}\right) {p}_{r,k} + {M9}_{r}\right) {p}_{r,k} + {M8}_{r}\right) {p}_{r,k} + {M7}_{r}\right) {p}_{r,k} + {M6}_{r}\right) {p}_{r,k} + {M5}_{r}\right) {p}_{r,k} + {M4}_{r}\right) {p}_{r,k} + {M3}_{r}\right) {p}_{r,k} + {M2}_{r}\right) {p}_{r,k} + {M1}_{r}\right) {p}_{r,k} + {M0}_{r}\right) {m}_{r,k}}{{F}_{r}}

    No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.

    Parameters
    ----------
    gap : array (R, D)
        Distances max(eta) - eta of the natural parameters below their maximum; +inf for a category of
        weight zero.
    tau : array (R,)
        Distance of the contour's reference point above max(eta); best at the saddle.
    sigma : array (R,)
        Scale: root of the sum of 1/(tau + gap)^2.
    F : array (R,)
        Their sum.
    W_x : array (R, N)
        Weights.
    W_y : array (R, N)
        Weights.
    zeta_x : array (N,)
        Nodes of the rule, real part.
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
    N = W_x.shape[1]
    mean = np.empty((R, D), gap.dtype)
    all_ks = _blocks(D, most=2**14)
    with np.errstate(all="ignore"):
        for rows in _blocks(R, all_ks[0].stop):
            block = _power_means_20(gap[rows], tau[rows], sigma[rows], F[rows], W_x[rows], W_y[rows], zeta_x, zeta_y, all_ks)
            mean[rows], = block
    return mean,


def _power_means_20(gap, tau, sigma, F, W_x, W_y, zeta_x, zeta_y, all_ks):
    inverse_sigma = 1/sigma
    v_x_1 = W_x*zeta_x - W_y*zeta_y
    v_y_1 = W_x*zeta_y + W_y*zeta_x
    v_x_2 = v_x_1*zeta_x - v_y_1*zeta_y
    v_y_2 = v_x_1*zeta_y + v_y_1*zeta_x
    v_x_3 = v_x_2*zeta_x - v_y_2*zeta_y
    v_y_3 = v_x_2*zeta_y + v_y_2*zeta_x
    v_x_4 = v_x_3*zeta_x - v_y_3*zeta_y
    v_y_4 = v_x_3*zeta_y + v_y_3*zeta_x
    v_x_5 = v_x_4*zeta_x - v_y_4*zeta_y
    v_y_5 = v_x_4*zeta_y + v_y_4*zeta_x
    v_x_6 = v_x_5*zeta_x - v_y_5*zeta_y
    v_y_6 = v_x_5*zeta_y + v_y_5*zeta_x
    v_x_7 = v_x_6*zeta_x - v_y_6*zeta_y
    v_y_7 = v_x_6*zeta_y + v_y_6*zeta_x
    v_x_8 = v_x_7*zeta_x - v_y_7*zeta_y
    v_y_8 = v_x_7*zeta_y + v_y_7*zeta_x
    v_x_9 = v_x_8*zeta_x - v_y_8*zeta_y
    v_y_9 = v_x_8*zeta_y + v_y_8*zeta_x
    v_x_10 = v_x_9*zeta_x - v_y_9*zeta_y
    v_y_10 = v_x_9*zeta_y + v_y_9*zeta_x
    v_x_11 = v_x_10*zeta_x - v_y_10*zeta_y
    v_y_11 = v_x_10*zeta_y + v_y_10*zeta_x
    v_x_12 = v_x_11*zeta_x - v_y_11*zeta_y
    v_y_12 = v_x_11*zeta_y + v_y_11*zeta_x
    v_x_13 = v_x_12*zeta_x - v_y_12*zeta_y
    v_y_13 = v_x_12*zeta_y + v_y_12*zeta_x
    v_x_14 = v_x_13*zeta_x - v_y_13*zeta_y
    v_y_14 = v_x_13*zeta_y + v_y_13*zeta_x
    v_x_15 = v_x_14*zeta_x - v_y_14*zeta_y
    v_y_15 = v_x_14*zeta_y + v_y_14*zeta_x
    v_x_16 = v_x_15*zeta_x - v_y_15*zeta_y
    v_y_16 = v_x_15*zeta_y + v_y_15*zeta_x
    v_x_17 = v_x_16*zeta_x - v_y_16*zeta_y
    v_y_17 = v_x_16*zeta_y + v_y_16*zeta_x
    v_x_18 = v_x_17*zeta_x - v_y_17*zeta_y
    M0 = np.sum(W_x, 1)
    M1 = np.sum(v_x_1, 1)
    M2 = np.sum(v_x_2, 1)
    M3 = np.sum(v_x_3, 1)
    M4 = np.sum(v_x_4, 1)
    M5 = np.sum(v_x_5, 1)
    M6 = np.sum(v_x_6, 1)
    M7 = np.sum(v_x_7, 1)
    M8 = np.sum(v_x_8, 1)
    M9 = np.sum(v_x_9, 1)
    M10 = np.sum(v_x_10, 1)
    M11 = np.sum(v_x_11, 1)
    M12 = np.sum(v_x_12, 1)
    M13 = np.sum(v_x_13, 1)
    M14 = np.sum(v_x_14, 1)
    M15 = np.sum(v_x_15, 1)
    M16 = np.sum(v_x_16, 1)
    M17 = np.sum(v_x_17, 1)
    M18 = np.sum(v_x_18, 1)
    inverse_F = 1/F
    all_mean = []
    for ks in all_ks:
        m = 1/(gap[:, ks] + tau[:, None])
        p = inverse_sigma[:, None]*m
        mean = inverse_F[:, None]*m*(M0[:, None] - p*(M1[:, None] - p*(M2[:, None] - p*(M3[:, None] - p*(M4[:, None] - p*(M5[:, None] - p*(M6[:, None] - p*(M7[:, None] - p*(M8[:, None] - p*(M9[:, None] - p*(M10[:, None] - p*(M11[:, None] - p*(M12[:, None] - p*(M13[:, None] - p*(M14[:, None] - p*(M15[:, None] - p*(M16[:, None] - p*(M17[:, None] - M18[:, None]*p))))))))))))))))))
        all_mean.append(mean)
    mean = np.concatenate(all_mean, 1)
    return mean,


# Constants by precision, each an exact expression of the derivation, rounded once; an array of them is an argument above.
TABLES = {
    "float64": {
        "zeta_x": [
            0.39904290090297884, 0.391381221894442, 0.3760317854926433, 0.3529423461640185,
            0.3220343133958057, 0.2832024841941538, 0.23631468500019015, 0.18121132180522173,
            0.11770483693377792, 0.045579070645523995, -0.035411474616897795, -0.12554246983841025,
            -0.22512069774463, -0.3344850970113597, -0.45400791592466366, -0.5840959794182896,
            -0.725192073801106, -0.8777764538878103, -1.0423684776627955, -1.2195283740411458,
            -1.4098591497437718, -1.6140086417771915, -1.832671722504074, -2.066592664810037,
            -2.3165676754171196, -2.583447604966676, -2.868140844096115, -3.171616415366989,
            -3.4949072715685547, -3.8391138116233883, -4.205407626062289, -4.595035484817111,
            -5.00932358090493, -5.449682044447975, -5.917609742393872, -6.414699380273217, -6.94264292335955,
            -7.503237355683966, -8.098390796506562, -8.730128995063628, -9.400602225697002,
            -10.112092606834883, -10.86702186873598, -11.667959596436434, -12.517631975956377,
            -13.418931073535944, -14.37492467948492, -15.388866750151882, -16.4642084835547,
            -17.604610066370903, -18.813953132271727, -20.096353974004764, -21.456177554195715,
            -22.898052362558513, -24.42688617008381, -26.047882733829166, -27.766559509169593,
            -29.58876642979657, -31.520705819387704, -33.56895350272122
        ],
        "zeta_y": [
            0.10501488778601151, 0.31540210702573335, 0.5268628739148603, 0.7401169465151757,
            0.955890186839857, 1.174917031501074, 1.3979429915433148, 1.625727189971234, 1.8590449456091092,
            2.098690412086704, 2.345479280933963, 2.6002515579851804, 2.8638744225428066, 3.137245179032751,
            3.421294311197856, 3.716988649225235, 4.0253346605875535, 4.34738187579944, 4.68422646074941,
            5.037014947766619, 5.406948138122008, 5.795285189246985, 6.2033479005814565, 6.63252521263915,
            7.08427793460388, 7.560143716548282, 8.06174228319917, 8.590780947063905, 9.14906041968304,
            9.738480940789259, 10.361048746234662, 11.018882896701612, 11.71422249044025, 12.449434284583035,
            13.227020750977285, 14.0496285939557, 14.92005775903716, 15.841270963221108, 16.816403779314204,
            17.84877530861367, 18.941899478274408, 20.099497001813248, 21.325508043460772, 22.624105629466918,
            23.999709852009026, 25.457002914048733, 27.000945066346564, 28.636791490879734,
            30.370110188129935, 32.20680092912485, 34.153115336741315, 36.21567816462159, 38.40150984613089,
            40.71805039010685, 43.173184704736, 45.77526943575321, 48.533161410314385, 51.456247783358094,
            54.55447798906658, 57.83839760618063
        ],
        "w_x": [
            0.06687351048169572, 0.0671011307111929, 0.06755714593090348, 0.06824310829934607,
            0.0691613526559901, 0.07031500446844882, 0.07170799047076713, 0.07334505202901435,
            0.07523176127967479, 0.07737454009576719, 0.07978068194524869, 0.08245837671610388,
            0.08541673859261704, 0.08866583707771117, 0.09221673126694606, 0.09608150749083513,
            0.10027332045360583, 0.10480643800842931, 0.10969628972152301, 0.11495951939042533,
            0.1206140416952017, 0.1266791031754078, 0.13317534774035975, 0.14012488693569192,
            0.14755137520537093, 0.15548009040533894, 0.16393801984283368, 0.17295395213424103,
            0.18255857519414054, 0.19278458068907378, 0.20366677531156863, 0.2152421992531682,
            0.22755025227971606, 0.24063282783802525, 0.2545344556503961, 0.2693024532823376,
            0.2849870871993902, 0.30164174386124565, 0.31932311143552466, 0.3380913727497189,
            0.3580104101380564, 0.37914802288053673, 0.4015761579742415, 0.4253711550224075,
            0.4506140060748012, 0.47739063130382436, 0.5057921714546824, 0.5359152980650383,
            0.567862542510064, 0.6017426449928677, 0.6376709246681789, 0.6757696721590893, 0.7161685658028801,
            0.7590051130427289, 0.8044251184676778, 0.8525831800939537, 0.9036432155768518,
            0.9577790201442735, 1.015174858150982, 1.0760260902670717
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
            0.563229664544776, 0.5971522220185392, 0.6331073320656837, 0.671217376632986
        ],
    },
    "float32": {
        "zeta_x": [
            0.3961707893553095, 0.36545885794573885, 0.3036164972535326, 0.20980100884758768,
            0.08273401066085526, -0.0793159829553109, -0.27855715541842785, -0.5177044778513071,
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
