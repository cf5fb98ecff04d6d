/*
 * The cube root of native/src/cube_root.c, with the same bits, and the exponential function. Nothing
 * is left to a device's library, so all devices give the same values; scaling by a power of two is
 * a product, which is exact in the range that is needed.
 */

/* Reciprocals 1/c and log2(c) at 16 points c of [0.7, 1.4). */
CONSTANT double log_points[16][2] = {
    {0x1.661ec79f8f3bep+0, -0x1.efec65b963019p-2}, {0x1.571ed4aaf883dp+0, -0x1.b0b6832d4fca4p-2},
    {0x1.49539f0f010bp+0, -0x1.7418b0a1fb77bp-2},  {0x1.3c995b0b80385p+0, -0x1.39de91a6dcf7bp-2},
    {0x1.30d190c8864a5p+0, -0x1.01d9bf3f2b631p-2}, {0x1.25e227b0b8eap+0, -0x1.97c1d1b3b7afp-3},
    {0x1.1bb4a4a1a343fp+0, -0x1.2f9e393af3c9fp-3}, {0x1.12358f08ae5bap+0, -0x1.960cbbf788d5cp-4},
    {0x1.0953f419900a7p+0, -0x1.a6f9db6475fcep-5}, {0x1p+0, 0x0p+0},
    {0x1.e608cfd9a47acp-1, 0x1.338ca9f24f53dp-4},  {0x1.ca4b31f026aap-1, 0x1.476a9543891bap-3},
    {0x1.b2036576afce6p-1, 0x1.e840b4ac4e4d2p-3},  {0x1.9c2d163a1aa2dp-1, 0x1.40645f0c6651cp-2},
    {0x1.886e6037841edp-1, 0x1.88e9c2c1b9ff8p-2},  {0x1.767dcf5534862p-1, 0x1.ce0a44eb17bccp-2},
};

/* 2^(i/32). */
CONSTANT double exp_points[32] = {
    0x1.0000000000000p+0, 0x1.059b0d3158574p+0, 0x1.0b5586cf9890fp+0, 0x1.11301d0125b51p+0,
    0x1.172b83c7d517bp+0, 0x1.1d4873168b9aap+0, 0x1.2387a6e756238p+0, 0x1.29e9df51fdee1p+0,
    0x1.306fe0a31b715p+0, 0x1.371a7373aa9cbp+0, 0x1.3dea64c123422p+0, 0x1.44e086061892dp+0,
    0x1.4bfdad5362a27p+0, 0x1.5342b569d4f82p+0, 0x1.5ab07dd485429p+0, 0x1.6247eb03a5585p+0,
    0x1.6a09e667f3bcdp+0, 0x1.71f75e8ec5f74p+0, 0x1.7a11473eb0187p+0, 0x1.82589994cce13p+0,
    0x1.8ace5422aa0dbp+0, 0x1.93737b0cdc5e5p+0, 0x1.9c49182a3f090p+0, 0x1.a5503b23e255dp+0,
    0x1.ae89f995ad3adp+0, 0x1.b7f76f2fb5e47p+0, 0x1.c199bdd85529cp+0, 0x1.cb720dcef9069p+0,
    0x1.d5818dcfba487p+0, 0x1.dfc97337b9b5fp+0, 0x1.ea4afa2a490dap+0, 0x1.f50765b6e4540p+0,
};

/* 2^e for a normal number. */
INLINE double power_of_two(int e) { return double_of((u64)(e + 1023) << 52); }

/* log2(x): x = 2^exponent * m with m in [0.7, 1.4), point from the top four bits of m. */
INLINE double log2_of(float x)
{
    const u32 bits = bits_of(x), offset = bits - 0x3f330000u;
    const int point = (int)(offset >> 19) & 15;
    const u32 exponent_bits = offset & 0xff800000u;
    const double m = (double)float_of(bits - exponent_bits);
    const double exponent = (double)((i32)exponent_bits >> 23);
    const double r = m * log_points[point][0] - 1.0;
    const double r2 = r * r;
    const double tail = (0x1.ec70a6ca7baddp-2 * r + -0x1.7154748bef6c8p-1) * r2 +
                        (0x1.71547652ab82bp0 * r + (log_points[point][1] + exponent));
    return (0x1.27616c9496e0bp-2 * r + -0x1.71969a075c67ap-2) * (r2 * r2) + tail;
}

/* 2^y, y split into a multiple of 1/32 and a remainder. */
INLINE float exp2_of(double y)
{
    const double steps = rint(y * 32.0); /* ties to even */
    const double rest = y - steps * 0.03125;
    const int k = (int)steps;
    const double value = (0x1.c6af84b912394p-5 * rest + 0x1.ebfce50fac4f3p-3) * (rest * rest) +
                         (0x1.62e42ff0c52d6p-1 * rest + 1.0);
    return (float)(value * (exp_points[k & 31] * power_of_two(k >> 5)));
}

INLINE float cube_root(float x)
{
    if (x < 0.0f)
        return float_of(0x7fc00000u);
    return x == 0.0f ? 0.0f : exp2_of((double)0x1.555556p-2f * log2_of(x));
}

/* e^x, to about the last bit of a double; what is beyond 2^1000 or below 2^-1000 is that. x is split
 * into a multiple of ln(2)/32 and a remainder. */
INLINE double exponential(double x)
{
    if (!(x == x))
        return x;
    x = x > 693.0 ? 693.0 : x < -693.0 ? -693.0 : x;
    const double steps = rint(x * 0x1.71547652b82fep+5);
    const double r = x - steps * 0x1.62e42fef00000p-6 - steps * 0x1.473de6af278edp-39;
    const double tail = 0x1.1111111111111p-7 + r * 0x1.6c16c16c16c17p-10;
    const double cubic = 0x1.5555555555555p-3 + r * (0x1.5555555555555p-5 + r * tail);
    const double value = 1.0 + (r + r * r * (0.5 + r * cubic));
    const int k = (int)steps;
    return value * (exp_points[k & 31] * power_of_two(k >> 5));
}
