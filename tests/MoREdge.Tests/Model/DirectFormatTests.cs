using System.Buffers.Binary;
using MoREdge.Checkpoints.Dequantization;
using MoREdge.Model;
using MoREdge.Tensors;

namespace MoREdge.Tests.Model;

/// <summary>
/// A Llama or MoR file of other people's making runs as it is, whatever plain type its matrices have.
/// </summary>
public sealed class DirectFormatTests
{
    /// <summary>As in NetworkReferenceTests: both sides see the same dequantized weights.</summary>
    private const double Tolerance = 1e-4;

    public static TheoryData<string, ElementType> ArchitecturesTimesTypes()
    {
        TheoryData<string, ElementType> data = [];
        foreach (string architecture in (string[])["llama", "mor"])
        {
            foreach (ElementType type in (ElementType[])[ElementType.F32, ElementType.F16, ElementType.BF16])
            {
                data.Add(architecture, type);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(ArchitecturesTimesTypes))]
    public void PublicFile_AnyPlainType_MatchesReferenceOfItsOwnWeights(string architecture, ElementType type)
    {
        using TinyModel model = architecture == "llama"
            ? TinyModel.Decoder("llama", 2, tied: false)
            : TinyModel.Recursive("expert", "middle_cycle", 3, 2);
        model.StoreMatricesAs(type, Encode);
        model.Load(threads: 2);
        int[] ids = TinyModel.RandomIds(40, seed: 12);
        RoutingMode? routing = architecture == "llama" ? null : RoutingMode.Full;

        // Keys and values in float32, so that only the weights differ from an F32 file.
        float[][] actual = model.Score(ids, new SequenceOptions { Routing = routing, KvFormat = KvFormat.F32 });

        double[][] expected = new NaiveDecoder(model, model.Network.Config).Forward(ids);
        for (int t = 0; t < ids.Length; t++)
        {
            for (int i = 0; i < TinyModel.VocabSize; i++)
            {
                Assert.InRange(actual[t][i], expected[t][i] - Tolerance, expected[t][i] + Tolerance);
            }
        }
    }

    /// <summary>
    /// Blocks meet int8 activations. Their rounding is off by 1/440 of the largest of a group of 32 (a step of 1/127 of
    /// it, evenly distributed: 1/√12 of a step), and the largest is at most √32 times the root mean square: a product
    /// is off by at most 1/77 of itself. Through 2 layers lead 4 products each, one after the other, and then the head;
    /// the residual stream adds their errors at most in full.
    /// </summary>
    [Theory]
    [InlineData(ElementType.Q8_0)]
    [InlineData(ElementType.Q4_0)]
    [InlineData(ElementType.Q4_1)]
    [InlineData(ElementType.Q5_0)]
    [InlineData(ElementType.Q5_1)]
    [InlineData(ElementType.Q4_K)]
    [InlineData(ElementType.Q5_K)]
    [InlineData(ElementType.Q6_K)]
    public void PublicFile_AnyBlockType_IsItsOwnWeightsWithinTheRoundingOfActivations(ElementType type)
    {
        const int Layers = 2;
        const double ErrorMax = ((4 * Layers) + 1) / 77.0;
        using TinyModel model = TinyModel.Decoder("llama", Layers, tied: false, isWide: true);
        model.StoreMatricesAs(type, RandomBlocks);
        model.Load(threads: 2);
        int[] ids = TinyModel.RandomIds(40, seed: 12);

        float[][] actual = model.Score(ids, new SequenceOptions { KvFormat = KvFormat.F32 });

        double[][] expected = new NaiveDecoder(model, model.Network.Config).Forward(ids);
        double error = 0;
        double squares = 0;
        for (int t = 0; t < ids.Length; t++)
        {
            for (int i = 0; i < TinyModel.VocabSize; i++)
            {
                error += Math.Pow(actual[t][i] - expected[t][i], 2);
                squares += Math.Pow(expected[t][i], 2);
            }
        }

        Assert.InRange(Math.Sqrt(error / squares), 0, ErrorMax);

        // Token by token, as an answer is decoded, the same bits come out.
        using Sequence sequence = model.Network.CreateSequence(new SequenceOptions { KvFormat = KvFormat.F32 });
        for (int t = 0; t < ids.Length; t++)
        {
            Assert.Equal(actual[t], sequence.Decode(ids[t]).ToArray());
        }
    }

    /// <summary>Encodes <paramref name="values"/> and replaces them by what the encoding holds.</summary>
    private static byte[] Encode(ElementType type, float[] values)
    {
        byte[] bytes = new byte[ElementTypes.RowBytes(type, values.Length)];
        for (int i = 0; i < values.Length; i++)
        {
            Span<byte> element = bytes.AsSpan(i * ElementTypes.BlockBytes(type));
            switch (type)
            {
                case ElementType.F32:
                    BinaryPrimitives.WriteSingleLittleEndian(element, values[i]);
                    break;
                case ElementType.F16:
                    BinaryPrimitives.WriteHalfLittleEndian(element, (Half)values[i]);
                    values[i] = (float)(Half)values[i];
                    break;
                default:
                    uint bits = BitConverter.SingleToUInt32Bits(values[i]) >> 16;
                    values[i] = BitConverter.UInt32BitsToSingle(bits << 16);
                    BinaryPrimitives.WriteUInt16LittleEndian(element, (ushort)bits);
                    break;
            }
        }

        return bytes;
    }

    /// <summary>
    /// Random blocks of weights around 0, small enough that a product neither grows nor vanishes; replaces
    /// <paramref name="values"/> by what they hold.
    /// </summary>
    private static byte[] RandomBlocks(ElementType type, float[] values)
    {
        byte[] bytes = new byte[ElementTypes.RowBytes(type, values.Length)];
        new Random(values.Length).NextBytes(bytes);
        // The scale that makes the weights' root mean square about 1/16, and the middle of the quants.
        (float scale, float middle) = type switch
        {
            ElementType.Q8_0 => (1f / 1200, 0f),
            ElementType.Q4_0 => (1f / 75, 0f),
            ElementType.Q4_1 => (1f / 75, -7.5f),
            ElementType.Q5_0 => (1f / 150, 0f),
            ElementType.Q5_1 => (1f / 150, -15.5f),
            ElementType.Q4_K => (1f / 4000, 7.5f),
            ElementType.Q5_K => (1f / 8000, 15.5f),
            _ => (1f / 22000, 0f),
        };
        int blockBytes = ElementTypes.BlockBytes(type);
        for (int block = 0; block < bytes.Length; block += blockBytes)
        {
            int at = type == ElementType.Q6_K ? blockBytes - sizeof(ushort) : 0;
            BinaryPrimitives.WriteHalfLittleEndian(bytes.AsSpan(block + at), (Half)scale);
            if (middle != 0)
            {
                BinaryPrimitives.WriteHalfLittleEndian(bytes.AsSpan(block + sizeof(ushort)), (Half)(scale * middle));
            }
        }

        ElementDecoder.Decode(type, bytes, values);
        return bytes;
    }
}
