using System.Diagnostics;
using MoREdge.Inference;

namespace MoREdge.Tests.Inference;

public sealed class SamplerTests
{
    private static readonly float[] Logits = [1f, 3f, 3f, -2f, 0f];

    [Fact]
    public void Choose_TemperatureZero_TakesTheFirstLargest()
    {
        Sampler sampler = new(new SamplerOptions { Temperature = 0 }, Logits.Length);
        Assert.Equal(1, sampler.Choose(Logits));
    }

    [Fact]
    public void Choose_TopKOne_IsGreedy()
    {
        Sampler sampler = new(new SamplerOptions { Temperature = 5, TopK = 1 }, 4);
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(2, sampler.Choose([0f, 1f, 2f, 1.5f]));
        }
    }

    [Fact]
    public void Choose_PlainSampling_FollowsTheDistribution()
    {
        SamplerOptions options = new() { Temperature = 1, TopK = 0, TopP = 1, MinP = 0, Seed = 7 };
        Sampler sampler = new(options, 3);
        float[] logits = [MathF.Log(0.5f), MathF.Log(0.3f), MathF.Log(0.2f)];
        int[] counts = new int[3];
        const int Draws = 20_000;
        for (int i = 0; i < Draws; i++)
        {
            counts[sampler.Choose(logits)]++;
        }

        // Four standard deviations of a binomial count: 4·√(n·p·(1−p)) / n ≤ 0.0142.
        Assert.InRange(counts[0] / (double)Draws, 0.4858, 0.5142);
        Assert.InRange(counts[1] / (double)Draws, 0.2858, 0.3142);
        Assert.InRange(counts[2] / (double)Draws, 0.1858, 0.2142);
    }

    [Fact]
    public void Choose_Filters_LeaveOnlyWhatTheyKeep()
    {
        float[] logits = [MathF.Log(0.5f), MathF.Log(0.3f), MathF.Log(0.15f), MathF.Log(0.05f)];
        Assert.Equal([0, 1], Drawn(new SamplerOptions { Temperature = 1, TopK = 2, TopP = 1, MinP = 0 }, logits));
        Assert.Equal([0, 1], Drawn(new SamplerOptions { Temperature = 1, TopK = 0, TopP = 0.75f, MinP = 0 }, logits));
        Assert.Equal([0, 1, 2], Drawn(new SamplerOptions { Temperature = 1, TopK = 0, TopP = 1, MinP = 0.2f }, logits));
        Assert.Equal([0, 1, 2, 3], Drawn(new SamplerOptions { Temperature = 1, TopK = 0, TopP = 1, MinP = 0 }, logits));
    }

    /// <summary>A look at every earlier token for each would take half a second or more.</summary>
    [Fact]
    public void Choose_LongRepeatWindow_LooksAtEveryTokenOnce()
    {
        const int Window = 1 << 17;
        Sampler sampler = new(new SamplerOptions { Temperature = 0, RepeatPenalty = 2, RepeatWindow = Window }, Window);
        for (int id = 0; id < Window; id++)
        {
            sampler.Accept(id);
        }

        float[] logits = new float[Window];
        TimeSpan fastest = TimeSpan.MaxValue;
        for (int i = 0; i < 5; i++)
        {
            long start = Stopwatch.GetTimestamp();
            sampler.Choose(logits);
            TimeSpan taken = Stopwatch.GetElapsedTime(start);
            fastest = taken < fastest ? taken : fastest;
        }

        Assert.InRange(fastest, TimeSpan.Zero, TimeSpan.FromMilliseconds(100));
    }

    /// <summary>The difference of two infinities is not a number, and drew the least likely token left.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Choose_InfiniteLogit_IsTaken(int topK)
    {
        SamplerOptions options = new() { Temperature = 1, TopK = topK, TopP = 1, MinP = 0, RepeatPenalty = 1.1f };
        Assert.Equal([2], Drawn(options, [1f, 3f, float.PositiveInfinity, float.PositiveInfinity, float.NaN]));
        Assert.Equal([0], Drawn(options, [float.NaN, float.NegativeInfinity, float.NaN]));
    }

    [Theory]
    [InlineData(0, float.PositiveInfinity)]
    [InlineData(1, float.PositiveInfinity)]
    [InlineData(1, float.NaN)]
    public void AnswerTokens_LogitThatIsNotFinite_SaysThatTheModelIsDamaged(float temperature, float damage)
    {
        Sampler sampler = new(new SamplerOptions { Temperature = temperature, TopK = 1 }, 3);
        AnswerTokens tokens = new(null, sampler, new GenerationOptions(), startsText: false, onText: null);
        float[] logits = float.IsNaN(damage) ? [damage, damage, damage] : [1, damage, 2];

        InferenceException fault = Assert.Throws<InferenceException>(() => tokens.Choose(logits));

        Assert.Equal(InferenceError.NotANumber, fault.Error);
    }

    [Fact]
    public void Choose_SameSeed_GivesTheSameIds()
    {
        float[] logits = [0.1f, 0.2f, 0.3f, 0.4f, 0.5f];
        SamplerOptions options = new() { Temperature = 2, Seed = 42 };
        Sampler first = new(options, 5);
        Sampler second = new(options, 5);
        for (int i = 0; i < 50; i++)
        {
            Assert.Equal(first.Choose(logits), second.Choose(logits));
        }
    }

    [Fact]
    public void Choose_RepeatPenalty_LowersRecentTokensOnce()
    {
        Sampler sampler = new(new SamplerOptions { Temperature = 0, RepeatPenalty = 2, RepeatWindow = 3 }, 3);
        sampler.Accept(0);
        sampler.Accept(0);
        Assert.Equal(0, sampler.Choose([5f, 2f, 2.4f]));
        Assert.Equal(2, sampler.Choose([4.7f, 2f, 2.4f]));
        sampler.Accept(1);
        sampler.Accept(1);
        sampler.Accept(1);
        Assert.Equal(0, sampler.Choose([4.7f, 2f, 2.4f]));
    }

    [Fact]
    public void Choose_LargeVocabulary_TopKMatchesASort()
    {
        Random random = new(3);
        float[] logits = new float[5000];
        for (int i = 0; i < logits.Length; i++)
        {
            logits[i] = random.NextSingle();
        }

        int[] order = new int[logits.Length];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Array.Sort(order, (a, b) => logits[b].CompareTo(logits[a]));
        SamplerOptions options = new() { Temperature = 100, TopK = 20, TopP = 1, MinP = 0 };
        int[] expected = order[..20];
        Array.Sort(expected);
        Assert.Equal(expected, Drawn(options, logits));
    }

    [Theory]
    [InlineData(-1f, 0, 1f, 0f, 1f)]
    [InlineData(float.NaN, 0, 1f, 0f, 1f)]
    [InlineData(1f, -1, 1f, 0f, 1f)]
    [InlineData(1f, 0, 0f, 0f, 1f)]
    [InlineData(1f, 0, 1.1f, 0f, 1f)]
    [InlineData(1f, 0, 1f, 2f, 1f)]
    [InlineData(1f, 0, 1f, 0f, 0f)]
    public void Options_OutOfRange_AreRefused(float temperature, int topK, float topP, float minP, float penalty)
    {
        SamplerOptions options = new()
        {
            Temperature = temperature,
            TopK = topK,
            TopP = topP,
            MinP = minP,
            RepeatPenalty = penalty,
        };
        Assert.Null(Assert.Throws<ArgumentException>(() => new Sampler(options, 10)).ParamName);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    public void Options_WindowOutOfRange_IsRefused(int window) =>
        Assert.Throws<ArgumentException>(() => new SamplerOptions { RepeatWindow = window }.Validate());

    /// <summary>Fewer logits left an id beyond them among the candidates.</summary>
    [Theory]
    [InlineData(1f)]
    [InlineData(2f)]
    public void Choose_OtherNumberOfLogits_IsRefused(float penalty)
    {
        Sampler sampler = new(new SamplerOptions { RepeatPenalty = penalty }, 4);

        Assert.Throws<ArgumentException>(() => sampler.Choose([-1f, -2f, -3f]));
        Assert.Throws<ArgumentException>(() => sampler.Choose(new float[5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => sampler.Accept(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Sampler(new SamplerOptions(), 0));
    }

    [Fact]
    public void Choose_WarmSampler_AllocatesNothing()
    {
        Sampler sampler = new(new SamplerOptions { RepeatPenalty = 1.1f }, 1000);
        float[] logits = new float[1000];
        sampler.Accept(sampler.Choose(logits));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 20; i++)
        {
            sampler.Accept(sampler.Choose(logits));
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static int[] Drawn(SamplerOptions options, float[] logits)
    {
        Sampler sampler = new(options with { Seed = 5 }, logits.Length);
        SortedSet<int> ids = [];
        for (int i = 0; i < 2000; i++)
        {
            ids.Add(sampler.Choose(logits));
        }

        return [.. ids];
    }
}
