using System.Text.Json;
using MoREdge.Checkpoints.Dequantization;
using MoREdge.Tensors;

namespace MoREdge.Tests.Checkpoints.Dequantization;

public sealed class ElementDecoderTests
{
    [Theory]
    [InlineData(ElementType.F16)]
    [InlineData(ElementType.BF16)]
    [InlineData(ElementType.Q4_0)]
    [InlineData(ElementType.Q4_1)]
    [InlineData(ElementType.Q5_0)]
    [InlineData(ElementType.Q5_1)]
    [InlineData(ElementType.Q8_0)]
    [InlineData(ElementType.Q4_K)]
    [InlineData(ElementType.Q5_K)]
    [InlineData(ElementType.Q6_K)]
    public void Decode_GoldenBlocks_GivesExactlyTheGoldenWeights(ElementType type)
    {
        string json = File.ReadAllText(SharedData.InRepository("tests/golden/dequantize/blocks.json"));
        JsonElement golden = JsonDocument.Parse(json).RootElement.GetProperty(type.ToString());
        byte[] blocks = Convert.FromHexString(golden.GetProperty("blocks").GetString()!);
        byte[] expected = Convert.FromHexString(golden.GetProperty("float32").GetString()!);
        float[] weights = new float[expected.Length / sizeof(float)];

        ElementDecoder.Decode(type, blocks, weights);

        for (int i = 0; i < weights.Length; i++)
        {
            Assert.Equal(BitConverter.ToSingle(expected, i * sizeof(float)), weights[i]);
        }
    }
}
