using System.Diagnostics;
using MoREdge.Model;
using MoREdge.ModelFile;

namespace MoREdge.Cli;

/// <summary>
/// A model with one thread count, and a sequence per context length, filled once: then every repetition can measure
/// each of them in turn.
/// </summary>
internal sealed class BenchLane : IDisposable
{
    private const int WarmUpTokens = 8;

    private readonly BenchPlan _plan;
    private readonly int[] _ids;
    private readonly DecoderModel _model;
    private readonly Sequence _prompt;
    private readonly Sequence[] _filled;
    private readonly CancellationToken _cancellation;

    /// <summary>Makes and warms up everything; filling the contexts may take a while.</summary>
    /// <param name="plan">What will be measured.</param>
    /// <param name="file">The model.</param>
    /// <param name="options">The options of a sequence for a number of tokens.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="ArgumentException">An option does not fit the model.</exception>
    public BenchLane(
        BenchPlan plan,
        GgufFile file,
        Func<int, SequenceOptions> options,
        int threads,
        CancellationToken cancellation)
    {
        _plan = plan;
        _cancellation = cancellation;
        _filled = new Sequence[plan.Filled.Length];
        _model = DecoderModel.Load(file, ModelOptions.Kernels(), threads);
        bool isComplete = false;
        try
        {
            _ids = RandomIds(plan.InputTokensMax, _model.Config.VocabSize);
            _prompt = _model.CreateSequence(options(plan.PromptTokens));
            _prompt.Prefill(_ids.AsSpan(0, Math.Min(WarmUpTokens, plan.PromptTokens)), cancellation: cancellation);
            for (int i = 0; i < _filled.Length; i++)
            {
                _filled[i] = _model.CreateSequence(options(plan.Filled[i] + plan.DecodeTokens));
                Fill(_filled[i], plan.Filled[i]);
            }

            isComplete = true;
        }
        finally
        {
            if (!isComplete)
            {
                Dispose();
            }
        }
    }

    /// <summary>Worker threads.</summary>
    public int Threads => _model.ThreadCount;

    /// <summary>Runs the prompt and returns (tokens per second, operations per second).</summary>
    public (double Speed, double Operations) Prefill()
    {
        _prompt.Truncate(0);
        _prompt.Depths.Clear();
        long start = Stopwatch.GetTimestamp();
        _prompt.Prefill(_ids.AsSpan(0, _plan.PromptTokens), cancellation: _cancellation);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        double multiplyAdds = _model.PrefillMultiplyAdds(_plan.PromptTokens, _prompt.Depths.Mean, _prompt.KvPolicy);
        return (_plan.PromptTokens / seconds, 2 * multiplyAdds / seconds);
    }

    /// <summary>
    /// Decodes behind a context, notes the bytes of a token in <paramref name="result"/>, and returns tokens per
    /// second.
    /// </summary>
    /// <param name="filledIndex">Which context of the plan.</param>
    /// <param name="result">Its row.</param>
    public double Decode(int filledIndex, DecodeResult result)
    {
        Sequence sequence = _filled[filledIndex];
        sequence.Truncate(result.Filled);
        if (result.DepthMax is { } depthMax)
        {
            sequence.DepthMax = depthMax;
        }

        sequence.Depths.Clear();
        long start = Stopwatch.GetTimestamp();
        Decode(sequence, _plan.DecodeTokens);
        double speed = _plan.DecodeTokens / Stopwatch.GetElapsedTime(start).TotalSeconds;
        result.MeanDepth = sequence.Depths.Mean;
        result.WeightBytes = _model.WeightBytesPerToken(result.MeanDepth);
        result.KvBytes = KvBytes(sequence, result.Filled, result.MeanDepth);
        return speed;
    }

    public void Dispose()
    {
        foreach (Sequence? sequence in _filled)
        {
            sequence?.Dispose();
        }

        _prompt?.Dispose();
        _model.Dispose();
    }

    private static int[] RandomIds(int count, int vocabSize)
    {
        Random random = new(1);
        int[] ids = new int[count];
        for (int i = 0; i < count; i++)
        {
            ids[i] = random.Next(vocabSize);
        }

        return ids;
    }

    private void Fill(Sequence sequence, int count)
    {
        if (count > 0)
        {
            sequence.Prefill(_ids.AsSpan(0, count), cancellation: _cancellation);
        }

        Decode(sequence, Math.Min(WarmUpTokens, _plan.DecodeTokens));
    }

    private void Decode(Sequence sequence, int count)
    {
        for (int i = 0; i < count; i++)
        {
            _cancellation.ThrowIfCancellationRequested();
            sequence.Decode(_ids[i % _ids.Length]);
        }
    }

    /// <summary>
    /// Each layer call reads the keys and values of every token before it: here the mean over the decoded tokens.
    /// </summary>
    private double KvBytes(Sequence sequence, int filled, double depth)
    {
        LayerSchedule schedule = new(_model.Config, sequence.KvPolicy);
        double calls = schedule.Prefix.Length + schedule.Suffix.Length;
        for (int r = 0; r < schedule.Loop.Length; r++)
        {
            calls += schedule.Loop[r].Length * Math.Clamp(depth - r, 0, 1);
        }

        double positions = filled + ((_plan.DecodeTokens + 1) / 2.0);
        return calls * positions * sequence.KvBytesPerTokenMax / schedule.SlotCount;
    }
}
