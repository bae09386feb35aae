using MoREdge.Model;
using MoREdge.Model.Experts;

namespace MoREdge.Tests.Model;

/// <summary>The gates of spec section C.1, rule by rule (C.7).</summary>
public sealed class ExpertSelectorTests
{
    private static readonly float[] Logits = [0.5f, 2, -1, 1.5f];

    [Fact]
    public void Softmax_Normalized_IsSoftmaxOfTheChosen()
    {
        (int[] chosen, float[] weights) = Choose(new ExpertConfig
        {
            Count = 4,
            UsedCount = 2,
            FfnDim = 1,
            NormalizesWeights = true,
        });
        (int[] other, float[] same) = Choose(new ExpertConfig
        {
            Count = 4,
            UsedCount = 2,
            FfnDim = 1,
            Gate = ExpertGate.SoftmaxOfChosen,
        });

        Assert.Equal([1, 3], chosen);
        Assert.Equal(chosen, other);
        Assert.Equal(1 / (1 + Math.Exp(-0.5)), weights[0], 1e-6);
        Assert.Equal(weights[0], same[0], 1e-6);
        Assert.Equal(weights[1], same[1], 1e-6);
    }

    [Fact]
    public void Softmax_NotNormalized_SumsToLessThanOne()
    {
        (_, float[] weights) = Choose(new ExpertConfig { Count = 4, UsedCount = 2, FfnDim = 1 });

        double all = Math.Exp(0.5) + Math.Exp(2) + Math.Exp(-1) + Math.Exp(1.5);
        Assert.Equal(Math.Exp(2) / all, weights[0], 1e-6);
        Assert.Equal(Math.Exp(1.5) / all, weights[1], 1e-6);
    }

    [Fact]
    public void Ties_LowerIndex_ComesFirst()
    {
        (int[] chosen, _) = Choose(new ExpertConfig { Count = 4, UsedCount = 3, FfnDim = 1 }, [1, 2, 2, 2]);

        Assert.Equal([1, 2, 3], chosen);
    }

    /// <summary>Softmax rounds both to 0 beside the first.</summary>
    [Fact]
    public void Softmax_ScoresThatRoundToTheSame_RankByTheirLogits()
    {
        (int[] chosen, _) = Choose(new ExpertConfig { Count = 4, UsedCount = 2, FfnDim = 1 }, [0, -190, 5, -180]);
        Assert.Equal([2, 0], chosen);

        (chosen, _) = Choose(new ExpertConfig { Count = 4, UsedCount = 2, FfnDim = 1 }, [-200, -190, 5, -180]);
        Assert.Equal([2, 3], chosen);
    }

    [Fact]
    public void SumEpsilon_IsAddedToTheSumOfTheChosen()
    {
        ExpertConfig config = new()
        {
            Count = 4,
            UsedCount = 2,
            FfnDim = 1,
            Gate = ExpertGate.Sigmoid,
            NormalizesWeights = true,
            SumEpsilon = 0.5f,
        };
        (_, float[] weights) = Choose(config, [0, 0, -9, -9]);

        Assert.Equal(0.5 / 1.5, weights[0], 1e-6);
        Assert.Equal(0.5 / 1.5, weights[1], 1e-6);
    }

    [Fact]
    public void ChoiceBias_MovesTheChoice_NotTheWeights()
    {
        ExpertConfig config = new()
        {
            Count = 4,
            UsedCount = 2,
            FfnDim = 1,
            Gate = ExpertGate.Sigmoid,
            WeightScale = 2,
        };
        (int[] chosen, float[] weights) = Choose(config, Logits, [0, 0, 1, 0]);

        Assert.Equal([2, 1], chosen);
        Assert.Equal(2 / (1 + Math.Exp(1)), weights[0], 1e-6);
        Assert.Equal(2 / (1 + Math.Exp(-2)), weights[1], 1e-6);
    }

    [Fact]
    public void Groups_BestPairWins_EvenOverTheBestExpert()
    {
        ExpertConfig config = new()
        {
            Count = 4,
            UsedCount = 2,
            FfnDim = 1,
            Gate = ExpertGate.Sigmoid,
            GroupCount = 2,
            GroupUsedCount = 1,
        };
        (int[] chosen, _) = Choose(config, [3, -9, 2, 1.9f]);

        Assert.Equal([2, 3], chosen);
    }

    [Fact]
    public void NaN_IsNeverChosen_WhileOthersAreLeft()
    {
        (int[] chosen, _) = Choose(
            new ExpertConfig { Count = 4, UsedCount = 2, FfnDim = 1, Gate = ExpertGate.Sigmoid },
            [float.NaN, 1, float.NaN, 2]);

        Assert.Equal([3, 1], chosen);
    }

    [Fact]
    public void AllNaN_ChoosesSomething()
    {
        (int[] chosen, _) = Choose(
            new ExpertConfig { Count = 2, UsedCount = 2, FfnDim = 1 }, [float.NaN, float.NaN]);

        Assert.All(chosen, expert => Assert.InRange(expert, 0, 1));
    }

    private static (int[] Chosen, float[] Weights) Choose(
        ExpertConfig config, float[]? logits = null, float[]? choiceBias = null)
    {
        int[] chosen = new int[config.UsedCount];
        float[] weights = new float[config.UsedCount];
        new ExpertSelector(config).Choose(logits ?? Logits, choiceBias ?? [], chosen, weights);
        return (chosen, weights);
    }
}
