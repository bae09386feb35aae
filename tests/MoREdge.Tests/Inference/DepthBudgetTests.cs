using MoREdge.Inference;
using MoREdge.Model;

namespace MoREdge.Tests.Inference;

/// <summary>A budget against a machine and routers that are made up, and against a real model.</summary>
public sealed class DepthBudgetTests(BuiltInModel builtIn) : IClassFixture<BuiltInModel>
{
    /// <summary>Seconds of a token without and of a recursion, before noise.</summary>
    private const double FixedSeconds = 0.004;
    private const double BlockSeconds = 0.003;

    /// <summary>
    /// At depth 1 the machine makes 143 tokens per second, at 3 it makes 77, and the routers alone want about 1.9.
    /// </summary>
    [Theory]
    [InlineData(110)]
    [InlineData(125)]
    [InlineData(135)]
    public void Observe_SpeedWithinReach_IsKeptWithoutWaste(double speed)
    {
        (double reached, double depth) = Simulate(new DepthBudget(speed, 3), noise: 0.2);

        Assert.InRange(reached / speed, 0.97, 1.06);
        Assert.InRange(depth, 1.02, 1.9);
    }

    [Fact]
    public void Observe_MoreTimeThanNeeded_LeavesTheModelAlone()
    {
        DepthBudget budget = new(60, 3);

        (_, double depth) = Simulate(budget, noise: 0.2);

        Assert.Equal(0, budget.Bias);
        Assert.InRange(depth, 1.8, 2.0);
    }

    [Fact]
    public void Observe_SpeedOutOfReach_EndsAtDepthOneAndRecovers()
    {
        DepthBudget budget = new(500, 3);

        (_, double depth) = Simulate(budget, noise: 0);

        Assert.InRange(depth, 1, 1.02);
        Assert.Equal(1, budget.TargetDepth);
        Assert.True(float.IsFinite(budget.Bias), "A bias stays a number.");
    }

    /// <summary>A machine that slept for an hour is as fast as before.</summary>
    [Fact]
    public void Observe_TokenThatWasHeldUp_TakesNoDepthFromTheNextOnes()
    {
        DepthBudget budget = new(60, 3);
        Simulate(budget, noise: 0.2);

        budget.Observe(depth: 2, seconds: 3600, routerDistance: 0.8);

        Assert.InRange(budget.TargetDepth, 2, 3);
        (_, double depth) = Simulate(budget, noise: 0.2, tokens: 200);
        Assert.InRange(depth, 1.75, 2.1);
    }

    /// <summary>A processor that gets hot stays slow.</summary>
    [Fact]
    public void Observe_MachineThatBecomesTenTimesAsSlow_IsFollowed()
    {
        DepthBudget budget = new(60, 3);
        Simulate(budget, noise: 0.2);

        for (int token = 0; token < 200; token++)
        {
            budget.Observe(depth: 2, seconds: 10 * (FixedSeconds + (2 * BlockSeconds)), routerDistance: 0.8);
        }

        Assert.Equal(1, budget.TargetDepth);
        Assert.True(budget.Bias > 0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Constructor_NoSpeed_IsRefused(double speed) =>
        Assert.Throws<ArgumentException>(() => new DepthBudget(speed, 3));

    [Fact]
    public void Generate_BudgetOutOfReach_RunsDepthOne()
    {
        using GenerationSession session = builtIn.Start();
        session.Budget = new DepthBudget(1e9, 3);
        GenerationOptions options = new() { TokenLimit = 200, IgnoreEndOfSequence = true };
        int[] prompt = session.Encode(BuiltInModel.Prompt);

        GenerationStats first = session.Generate(prompt, options, false, _ => { }, CancellationToken.None);
        GenerationStats second = session.Generate(prompt, options, false, _ => { }, CancellationToken.None);

        Assert.True(second.MeanDecodeDepth < 1.1, $"Depth {first.MeanDecodeDepth}, then {second.MeanDecodeDepth}.");
        session.Budget = null;
        Assert.Equal(0, session.Sequence.DepthBias);
    }

    [Fact]
    public void Budget_WithoutARouterThatDecides_IsRefused()
    {
        SequenceOptions full = new() { Routing = RoutingMode.Full, ContextLength = 16 };
        using GenerationSession session = builtIn.Model.StartSession(full, BuiltInModel.Greedy);

        Assert.Throws<ArgumentException>(() => session.Budget = new DepthBudget(10, 3));
        session.Budget = null;
    }

    [Fact]
    public void Create_NoRecursion_IsRefused() => Assert.Throws<ArgumentException>(() => new DepthBudget(10, 0));

    [Fact]
    public void Budget_LaterPrompts_AreAsDeepAsWithoutOne()
    {
        using GenerationSession session = builtIn.Start();
        int[] prompt = session.Encode(BuiltInModel.Prompt);
        GenerationOptions options = new() { TokenLimit = 1, IgnoreEndOfSequence = true };
        GenerationStats free = session.Generate(prompt, options, startsText: false, _ => { }, default);
        session.Reset();

        session.Budget = new DepthBudget(1e9, session.Sequence.DepthMax);
        session.Generate(prompt, options with { TokenLimit = 60 }, startsText: false, _ => { }, default);
        float bias = session.Sequence.DepthBias;
        session.Reset();
        GenerationStats budgeted = session.Generate(prompt, options, startsText: false, _ => { }, default);

        Assert.True(bias > 0);
        Assert.Equal(bias, session.Sequence.DepthBias);
        Assert.Equal(free.MeanDepth, budgeted.MeanDepth);
    }

    [Fact]
    public void Budget_BiasThatDoesNotChange_KeepsDrafts()
    {
        using GenerationSession session = builtIn.Model.StartSession(
            new SequenceOptions { ContextLength = 128, Speculation = SpeculationMode.On }, BuiltInModel.Greedy);
        session.Budget = new DepthBudget(1, session.Sequence.DepthMax);
        GenerationOptions options = new() { TokenLimit = 40, IgnoreEndOfSequence = true };

        GenerationStats stats = session.Generate(
            session.Encode(BuiltInModel.Prompt), options, startsText: false, _ => { }, default);

        Assert.InRange(stats.Speculation.Drafted, 20, 40);
    }

    /// <summary>The speed and depth of the second half of so many tokens.</summary>
    private static (double Speed, double Depth) Simulate(DepthBudget budget, double noise, int tokens = 3000)
    {
        Random random = new(3);
        double seconds = 0;
        double depths = 0;
        for (int token = 0; token < tokens; token++)
        {
            // Two routers; of the tokens 60 %, and of those half go on.
            double first = (4 * random.NextDouble()) - 1.6;
            double second = (2 * random.NextDouble()) - 1;
            int depth = first < budget.Bias ? 1 : second < budget.Bias ? 2 : 3;
            double time = (FixedSeconds + (BlockSeconds * depth)) * (1 + (noise * (random.NextDouble() - 0.5)));
            budget.Observe(depth, time, routerDistance: 0.8);
            seconds += token >= tokens / 2 ? time : 0;
            depths += token >= tokens / 2 ? depth : 0;
        }

        return (tokens / 2 / seconds, depths / (tokens / 2));
    }
}
