using System.Buffers.Binary;
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

    private const int BlockLength = 32;

    public static TheoryData<string, ElementType> ArchitecturesTimesTypes()
    {
        TheoryData<string, ElementType> data = [];
        foreach (string architecture in (string[])["llama", "mor"])
        {
            foreach (ElementType type in (ElementType[])
                [ElementType.F32, ElementType.F16, ElementType.BF16, ElementType.Q8_0, ElementType.Q4_0])
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

    /// <summary>Encodes <paramref name="values"/> and replaces them by what the encoding holds.</summary>
    private static byte[] Encode(ElementType type, float[] values)
    {
        byte[] bytes = new byte[ElementTypes.RowBytes(type, values.Length)];
        int blockLength = ElementTypes.BlockLength(type);
        int blockBytes = ElementTypes.BlockBytes(type);
        for (int start = 0; start < values.Length; start += blockLength)
        {
            Span<byte> block = bytes.AsSpan(start / blockLength * blockBytes, blockBytes);
            Span<float> weights = values.AsSpan(start, blockLength);
            switch (type)
            {
                case ElementType.F32:
                    BinaryPrimitives.WriteSingleLittleEndian(block, weights[0]);
                    break;
                case ElementType.F16:
                    weights[0] = (float)(Half)weights[0];
                    BinaryPrimitives.WriteHalfLittleEndian(block, (Half)weights[0]);
                    break;
                case ElementType.BF16:
                    uint bits = BitConverter.SingleToUInt32Bits(weights[0]) >> 16;
                    weights[0] = BitConverter.UInt32BitsToSingle(bits << 16);
                    BinaryPrimitives.WriteUInt16LittleEndian(block, (ushort)bits);
                    break;
                default:
                    EncodeQuants(type, weights, block);
                    break;
            }
        }

        return bytes;
    }

    /// <summary>
    /// Q8_0: d, then 32 signed bytes. Q4_0: d, then 16 bytes; weight i in the low nibble of byte i, i + 16 in the high
    /// one.
    /// </summary>
    private static void EncodeQuants(ElementType type, Span<float> weights, Span<byte> block)
    {
        const float Scale = 1f / 16;
        BinaryPrimitives.WriteHalfLittleEndian(block, (Half)Scale);
        for (int i = 0; i < BlockLength; i++)
        {
            int quant = (int)Math.Clamp(MathF.Round(weights[i] / Scale), -8, 7);
            weights[i] = quant * Scale;
            if (type == ElementType.Q8_0)
            {
                block[2 + i] = (byte)(sbyte)quant;
            }
            else
            {
                block[2 + (i % 16)] |= (byte)((quant + 8) << (i < 16 ? 0 : 4));
            }
        }
    }
}
