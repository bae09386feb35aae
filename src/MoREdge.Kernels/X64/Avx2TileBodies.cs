using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MoREdge.Tensors;
using static MoREdge.Kernels.Avx2WideBodies;
using Kind = MoREdge.Kernels.Avx2BlockBodies.Kind;

namespace MoREdge.Kernels;

/// <summary>Chunks of 16 rows of blocks as two tiles, and their products with four tokens.</summary>
/// <remarks>
/// SAFETY: pointers only, shapes as Avx2TileDriver states them. Weights are unsigned bytes (group, quad, row, 4), of
/// Q8_0 the int16 of Avx2WideBodies (bytes for AVX-VNNI); factors (group, row), the second ones behind the first. Sums
/// in int16 end where Avx2BlockBodies ends them: a lane holds two products of each quad, so eight quads of nibbles,
/// four of five bits, two of six.
/// </remarks>
internal static unsafe class Avx2TileBodies
{
    /// <summary>Quads of four columns in a group.</summary>
    internal const int QuadsPerGroup = PackedLayout.GroupSize / PackedLayout.QuadSize;

    /// <summary>Scales, and each row of sums, of a record of the panel: (group, token).</summary>
    internal const int RecordFloats = BlockLayout.Groups * TokensPerBlock;

    /// <summary>Sums of a group: (token, row).</summary>
    internal const int SumsPerGroup = TokensPerBlock * RowsPerBlock;

    /// <summary>Bytes of a chunk of two tiles, as int16.</summary>
    internal const int TileBytes = RowsPerBlock * BlockLayout.Quants * sizeof(short);

    /// <summary>Bytes of its factors.</summary>
    internal const int FactorBytes = RowsPerBlock * BlockLayout.Factors * sizeof(float);

    // Factors of one kind.
    private const int FactorCount = RowsPerBlock * BlockLayout.Groups;

    /// <summary>Quads lie so many bytes apart, or int32 of a record.</summary>
    internal const int QuadStep = RowsPerBlock * PackedLayout.QuadSize;

    /// <summary>Where the scales of a record begin, behind its quants.</summary>
    internal static int ScalesOffset(Kind kind) =>
        TokensPerBlock * BlockLayout.Quants * (kind == Kind.Signed ? sizeof(short) : sizeof(sbyte));

    /// <summary>Bytes of a record: quants, scales and two rows of sums.</summary>
    internal static int RecordBytes(Kind kind) => ScalesOffset(kind) + (3 * RecordFloats * sizeof(float));

    /// <summary>Unpacks a chunk of 16 rows, which begin rowBytes apart, and turns it into two tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    internal static void Turn(
        byte* data, long rowBytes, int groups, Kind kind, BlockBodies bodies, byte* tiles, float* factors)
    {
        const int RowFactorBytes = BlockLayout.Factors * sizeof(float);
        const int ChunkQuants = RowsPerBlock * BlockLayout.Quants;
        byte* memory = stackalloc byte[(2 * ChunkQuants) + FactorBytes + AlignedBuffer.Alignment];
        byte* quants = AlignedBuffer.Align(memory), bytes = quants + ChunkQuants, rows = bytes + ChunkQuants;
        for (int row = 0; row < RowsPerBlock; row++)
        {
            bodies.Unpack(
                data + (row * rowBytes), groups, quants + (row * BlockLayout.Quants),
                (float*)(rows + (row * RowFactorBytes)));
        }

        // Int16 are made of whole tiles, the others lie side by side.
        bool isWide = kind == Kind.Signed;
        byte* target = isWide ? bytes : tiles;
        long step = isWide ? PackedLayout.QuadBytes : QuadStep;
        long tileStep = isWide ? BlockLayout.Groups * GroupBytes : PackedLayout.QuadBytes;
        for (int tile = 0; tile < TilesPerBlock; tile++)
        {
            byte* source = quants + (tile * PackedLayout.TileRows * BlockLayout.Quants);
            byte* own = target + (tile * tileStep);
            for (int half = 0; half < BlockLayout.Quants / Vector256<byte>.Count; half++)
            {
                Transpose(source, BlockLayout.Quants, own, step, 4 * QuadsPerGroup * step);
                source += Vector256<byte>.Count;
                own += 4 * step;
            }

            source = rows + (tile * PackedLayout.TileRows * RowFactorBytes);
            own = (byte*)(factors + (tile * PackedLayout.TileRows));
            const int Step = RowsPerBlock * sizeof(float);
            Transpose(source, RowFactorBytes, own, Step, 4 * Step);
            Transpose(source + (RowFactorBytes / 2), RowFactorBytes, own + (FactorBytes / 2), Step, 4 * Step);
        }

        if (kind == Kind.Eight)
        {
            for (int at = 0; at < ChunkQuants; at += Vector256<byte>.Count)
            {
                Avx2Weights.Unsigned(tiles + at).Store(tiles + at);
            }
        }

        if (isWide)
        {
            Widen(bytes, BlockLayout.Groups, BlockLayout.Groups, (short*)tiles);
        }
    }

    /// <summary>Adds a chunk of 16 rows times a record of four tokens to sums (group, token, row).</summary>
    /// <remarks>
    /// The bodies are not inlined: all in one method are more than the native compiler inlines, and calls would stay in
    /// the loops.
    /// </remarks>
    internal static void Block(byte* tiles, float* factors, byte* record, float* sums, Kind kind)
    {
        float* scales = (float*)(record + ScalesOffset(kind));
        switch (kind)
        {
            case Kind.Signed:
                Avx2WideBodies.Block(
                    (short*)tiles, factors, (short*)record, scales, BlockLayout.Groups, sums, SumsPerGroup);
                break;
            case Kind.Four:
                Four(tiles, factors, (int*)record, scales, sums);
                break;
            case Kind.FourMinimum:
                FourMinimum(tiles, factors, (int*)record, scales, sums);
                break;
            case Kind.Five:
                Five(tiles, factors, (int*)record, scales, sums);
                break;
            case Kind.FiveMinimum:
                FiveMinimum(tiles, factors, (int*)record, scales, sums);
                break;
            default:
                Six(tiles, factors, (int*)record, scales, sums);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Four(byte* w, float* factors, int* x, float* scales, float* sums) =>
        Fours(w, factors, x, scales, sums, Kind.Four);

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void FourMinimum(byte* w, float* factors, int* x, float* scales, float* sums) =>
        Fours(w, factors, x, scales, sums, Kind.FourMinimum);

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Five(byte* w, float* factors, int* x, float* scales, float* sums) =>
        Fives(w, factors, x, scales, sums, Kind.Five);

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void FiveMinimum(byte* w, float* factors, int* x, float* scales, float* sums) =>
        Fives(w, factors, x, scales, sums, Kind.FiveMinimum);

    // Eight quads stay in int16.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fours(byte* w, float* factors, int* x, float* scales, float* sums, Kind kind)
    {
        for (int group = 0; group < BlockLayout.Groups; group++)
        {
            Vector256<short> a0, b0, a1, b1, a2, b2, a3, b3;
            Quads(ref w, ref x, QuadsPerGroup, out a0, out b0, out a1, out b1, out a2, out b2, out a3, out b3);
            End(Wide(a0), Wide(b0), factors, scales, RecordFloats, sums, kind);
            End(Wide(a1), Wide(b1), factors, scales + 1, RecordFloats, sums + RowsPerBlock, kind);
            End(Wide(a2), Wide(b2), factors, scales + 2, RecordFloats, sums + (2 * RowsPerBlock), kind);
            End(Wide(a3), Wide(b3), factors, scales + 3, RecordFloats, sums + (3 * RowsPerBlock), kind);
            factors += RowsPerBlock;
            scales += TokensPerBlock;
            sums += SumsPerGroup;
        }
    }

    // Four quads stay in int16.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fives(byte* w, float* factors, int* x, float* scales, float* sums, Kind kind)
    {
        for (int group = 0; group < BlockLayout.Groups; group++)
        {
            Halves(ref w, ref x, QuadsPerGroup / 2, factors, scales, RecordFloats, sums, kind);
            factors += RowsPerBlock;
            scales += TokensPerBlock;
            sums += SumsPerGroup;
        }
    }

    // Two quads stay in int16; a group has a scale for each half.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Six(byte* w, float* factors, int* x, float* scales, float* sums)
    {
        for (int group = 0; group < BlockLayout.Groups; group++)
        {
            for (int half = 0; half < 2; half++)
            {
                float* own = factors + (half * FactorCount);
                Halves(ref w, ref x, QuadsPerGroup / 4, own, scales, (1 + half) * RecordFloats, sums, Kind.Six);
            }

            factors += RowsPerBlock;
            scales += TokensPerBlock;
            sums += SumsPerGroup;
        }
    }

    // Twice count quads that share a scale, of which count stay in int16.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Halves(
        ref byte* w, ref int* x, int count, float* factors, float* scales, long zeros, float* sums, Kind kind)
    {
        Vector256<short> a0, b0, a1, b1, a2, b2, a3, b3;
        Quads(ref w, ref x, count, out a0, out b0, out a1, out b1, out a2, out b2, out a3, out b3);
        Vector256<int> p0 = Wide(a0), q0 = Wide(b0), p1 = Wide(a1), q1 = Wide(b1);
        Vector256<int> p2 = Wide(a2), q2 = Wide(b2), p3 = Wide(a3), q3 = Wide(b3);
        Quads(ref w, ref x, count, out a0, out b0, out a1, out b1, out a2, out b2, out a3, out b3);
        End(p0 + Wide(a0), q0 + Wide(b0), factors, scales, zeros, sums, kind);
        End(p1 + Wide(a1), q1 + Wide(b1), factors, scales + 1, zeros, sums + RowsPerBlock, kind);
        End(p2 + Wide(a2), q2 + Wide(b2), factors, scales + 2, zeros, sums + (2 * RowsPerBlock), kind);
        End(p3 + Wide(a3), q3 + Wide(b3), factors, scales + 3, zeros, sums + (3 * RowsPerBlock), kind);
    }

    // Count quads of both tiles against those of each token, which are stepped over. References to locals stay
    // registers once inlined.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quads(
        ref byte* w, ref int* x, int count, out Vector256<short> a0, out Vector256<short> b0,
        out Vector256<short> a1, out Vector256<short> b1, out Vector256<short> a2, out Vector256<short> b2,
        out Vector256<short> a3, out Vector256<short> b3)
    {
        Vector256<byte> first = Vector256.Load(w), second = Vector256.Load(w + PackedLayout.QuadBytes);
        Pairs(first, second, x, out a0, out b0);
        Pairs(first, second, x + 1, out a1, out b1);
        Pairs(first, second, x + 2, out a2, out b2);
        Pairs(first, second, x + 3, out a3, out b3);
        w += QuadStep;
        x += TokensPerBlock;
        for (int quad = 1; quad < count; quad++)
        {
            first = Vector256.Load(w);
            second = Vector256.Load(w + PackedLayout.QuadBytes);
            AddPairs(first, second, x, ref a0, ref b0);
            AddPairs(first, second, x + 1, ref a1, ref b1);
            AddPairs(first, second, x + 2, ref a2, ref b2);
            AddPairs(first, second, x + 3, ref a3, ref b3);
            w += QuadStep;
            x += TokensPerBlock;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pairs(
        Vector256<byte> w, Vector256<byte> v, int* x, out Vector256<short> a, out Vector256<short> b)
    {
        Vector256<sbyte> quad = Vector256.Create(*x).AsSByte();
        a = Avx2.MultiplyAddAdjacent(w, quad);
        b = Avx2.MultiplyAddAdjacent(v, quad);
    }

    // Two products before two sums, as in Avx2MatMulQ4.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddPairs(
        Vector256<byte> w, Vector256<byte> v, int* x, ref Vector256<short> a, ref Vector256<short> b)
    {
        Pairs(w, v, x, out Vector256<short> first, out Vector256<short> second);
        a += first;
        b += second;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Wide(Vector256<short> pairs) =>
        Avx2.MultiplyAddAdjacent(pairs, Vector256<short>.One);

    /// <summary>
    /// What Avx2BlockBodies.AddChunk does with a group, for 16 rows and one token; zeros is where the sums of the token
    /// lie behind its scale.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void End(
        Vector256<int> a, Vector256<int> b, float* factors, float* scale, long zeros, float* sums, Kind kind)
    {
        if (kind is Kind.Four or Kind.Five or Kind.Six or Kind.Eight)
        {
            Vector256<int> zero = Vector256.Create(*(int*)(scale + zeros));
            a -= zero;
            b -= zero;
        }

        float* second = sums + PackedLayout.TileRows;
        Vector256<float> xScale = Vector256.Create(*scale);
        Vector256<float> low = Avx2Weights.AddGroup(a, Vector256.Load(factors), xScale, Vector256.Load(sums));
        Vector256<float> high = Avx2Weights.AddGroup(
            b, Vector256.Load(factors + PackedLayout.TileRows), xScale, Vector256.Load(second));
        if (kind is Kind.FourMinimum or Kind.FiveMinimum)
        {
            Vector256<float> sum = Vector256.Create(scale[zeros]);
            float* minimums = factors + FactorCount;
            low = Fma.MultiplyAdd(Vector256.Load(minimums), sum, low);
            high = Fma.MultiplyAdd(Vector256.Load(minimums + PackedLayout.TileRows), sum, high);
        }

        low.Store(sums);
        high.Store(second);
    }

    // Eight rows of eight int32: number i of the lower halves goes to target + i·step, of the upper ones so many bytes
    // further.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(byte* source, long stride, byte* target, long step, long upper)
    {
        FourRows(
            source, stride,
            out Vector256<int> a0, out Vector256<int> a1, out Vector256<int> a2, out Vector256<int> a3);
        FourRows(
            source + (4 * stride), stride,
            out Vector256<int> b0, out Vector256<int> b1, out Vector256<int> b2, out Vector256<int> b3);
        Split(a0, b0, target, upper);
        Split(a1, b1, target + step, upper);
        Split(a2, b2, target + (2 * step), upper);
        Split(a3, b3, target + (3 * step), upper);
    }

    // Four rows, in each half of the registers by itself.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FourRows(
        byte* source, long stride, out Vector256<int> r0, out Vector256<int> r1, out Vector256<int> r2,
        out Vector256<int> r3)
    {
        Vector256<int> a = Vector256.Load((int*)source), b = Vector256.Load((int*)(source + stride));
        Vector256<int> c = Vector256.Load((int*)(source + (2 * stride)));
        Vector256<int> d = Vector256.Load((int*)(source + (3 * stride)));
        Vector256<long> ab = Avx2.UnpackLow(a, b).AsInt64(), cd = Avx2.UnpackLow(c, d).AsInt64();
        r0 = Avx2.UnpackLow(ab, cd).AsInt32();
        r1 = Avx2.UnpackHigh(ab, cd).AsInt32();
        ab = Avx2.UnpackHigh(a, b).AsInt64();
        cd = Avx2.UnpackHigh(c, d).AsInt64();
        r2 = Avx2.UnpackLow(ab, cd).AsInt32();
        r3 = Avx2.UnpackHigh(ab, cd).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Split(Vector256<int> a, Vector256<int> b, byte* target, long upper)
    {
        Avx2.Permute2x128(a, b, 0x20).Store((int*)target);
        Avx2.Permute2x128(a, b, 0x31).Store((int*)(target + upper));
    }
}
