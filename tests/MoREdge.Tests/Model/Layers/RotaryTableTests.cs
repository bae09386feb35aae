using MoREdge.Model;
using MoREdge.Model.Layers;

namespace MoREdge.Tests.Model.Layers;

public sealed class RotaryTableTests
{
    private const int Positions = 100;

    [Theory]
    [InlineData(null)]
    [InlineData(4f)]
    public void Reach_InAnySteps_GivesTheAnglesOfThePaper(float? factor)
    {
        using TinyModel model = TinyModel.Decoder("llama", blockCount: 1);
        ModelConfig config = model.Load().Network.Config;
        float[]? factors = factor is { } value ? [1, value, 1, value] : null;
        float[] frequencies = config.Rotary.Frequencies(
            config.HeadDim, config.RopeTheta, isStretched: true, factors);
        using RotaryTable table = new(frequencies, 1, Positions);
        foreach (int reached in (int[])[1, 2, 40, 30, Positions])
        {
            table.Reach(reached);
        }

        for (int position = 0; position < Positions; position++)
        {
            for (int pair = 0; pair < config.HeadDim / 2; pair++)
            {
                // The same float32 operations in the same order: the values are the same to the last bit.
                float frequency = 1 / MathF.Pow(config.RopeTheta, 2 * pair / (float)config.HeadDim);
                float angle = position * (frequency / (factors?[pair] ?? 1));
                Assert.Equal(MathF.Cos(angle), table.Cos(position)[pair]);
                Assert.Equal(MathF.Sin(angle), table.Sin(position)[pair]);
            }
        }
    }

    [Fact]
    public void Reach_FurtherRows_AllocatesNothing()
    {
        using RotaryTable table = new([1, 0.1f], 1, Positions);
        table.Reach(1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        table.Reach(Positions);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
