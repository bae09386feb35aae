using System.Diagnostics;
using MoREdge.Inference;
using MoREdge.Model;
using MoREdge.ModelFile;

namespace MoREdge.Cli;

/// <summary>A model with one thread count, on which batches of any size are measured in turn.</summary>
internal sealed class BatchLane : IDisposable
{
    private const int WarmUpTokens = 8;

    /// <summary>
    /// Draws from so many tokens, nearly evenly, that a model of random weights does not dwell on its favourites, whose
    /// depths are not those of all.
    /// </summary>
    private static readonly SamplerOptions Flat = new() { Temperature = 4, TopK = 1000, TopP = 1, MinP = 0 };

    private readonly BenchPlan _plan;
    private readonly DecoderModel _model;
    private readonly Func<int, KvPolicy?, SequenceOptions> _options;
    private readonly CancellationToken _cancellation;

    /// <summary>Loads the model and warms it up.</summary>
    /// <param name="plan">What will be measured.</param>
    /// <param name="file">The model.</param>
    /// <param name="options">The options of a sequence for a number of tokens and a KV policy.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="ArgumentException">An option does not fit the model or is not for batches.</exception>
    public BatchLane(
        BenchPlan plan,
        GgufFile file,
        Func<int, KvPolicy?, SequenceOptions> options,
        int threads,
        CancellationToken cancellation)
    {
        _plan = plan;
        _options = options;
        _cancellation = cancellation;
        _model = DecoderModel.Load(file, ModelOptions.Kernels(), threads);
        bool isComplete = false;
        try
        {
            int answerTokens = Math.Min(WarmUpTokens, plan.DecodeTokens);
            foreach (KvPolicy? policy in plan.KvPolicies)
            {
                Measure(new BatchResult(threads, policy, plan.Sequences[^1]), WarmUpTokens, answerTokens);
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

    /// <summary>Measures a batch once.</summary>
    public void Measure(BatchResult result) => Measure(result, _plan.PromptTokens, _plan.DecodeTokens);

    public void Dispose() => _model.Dispose();

    private void Measure(BatchResult result, int promptTokens, int answerTokens)
    {
        BatchSchedulerOptions limits = new() { Limits = new BatchOptions { SequencesMax = result.Sequences } };
        using BatchScheduler scheduler = new(_model, _options(promptTokens + answerTokens, result.KvPolicy), limits);
        DecodeWindow window = new(result.Sequences, answerTokens);
        List<BatchAnswer> answers = [];
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < result.Sequences; i++)
        {
            answers.Add(scheduler.Submit(Request(i, promptTokens, answerTokens, window)));
        }

        long kvBytes = 0;
        while (scheduler.Step())
        {
            _cancellation.ThrowIfCancellationRequested();
            kvBytes = Math.Max(kvBytes, scheduler.KvBytesReserved);
        }

        result.Speed.Add(window.Tokens / Stopwatch.GetElapsedTime(start).TotalSeconds);
        if (window.TokensPerSecond is { } decodeSpeed)
        {
            result.DecodeSpeed.Add(decodeSpeed);
        }

        double depth = 0;
        foreach (BatchAnswer answer in answers)
        {
            depth += answer.Completion.GetAwaiter().GetResult().MeanDecodeDepth;
        }

        result.MeanDepth = depth / answers.Count;
        result.KvBytes = kvBytes;
    }

    private BatchRequest Request(int index, int promptTokens, int answerTokens, DecodeWindow window)
    {
        Random random = new(index);
        int[] prompt = new int[promptTokens];
        for (int i = 0; i < prompt.Length; i++)
        {
            prompt[i] = random.Next(_model.Config.VocabSize);
        }

        int count = 0;
        return new BatchRequest
        {
            Prompt = prompt,
            Options = new GenerationOptions { TokenLimit = answerTokens, IgnoreEndOfSequence = true },
            Sampler = Flat with { Seed = (ulong)index },
            OnToken = _ => window.Count(++count),
        };
    }

    /// <summary>Counts tokens, and times those that come while every sequence decodes.</summary>
    private sealed class DecodeWindow(int sequences, int answerTokens)
    {
        private int _begun;
        private long _start;
        private long _end;
        private int _windowTokens;

        /// <summary>All tokens.</summary>
        public int Tokens { get; private set; }

        /// <summary>Null when an answer ended before the last prompt.</summary>
        public double? TokensPerSecond =>
            _start == 0 || _end <= _start || _windowTokens == 0
                ? null
                : _windowTokens / Stopwatch.GetElapsedTime(_start, _end).TotalSeconds;

        /// <summary>A sequence has its token number <paramref name="count"/>.</summary>
        public void Count(int count)
        {
            Tokens++;
            _windowTokens += _start != 0 && _end == 0 ? 1 : 0;
            _begun += count == 1 ? 1 : 0;
            if (_start == 0 && _begun == sequences)
            {
                _start = Stopwatch.GetTimestamp();
            }

            if (_end == 0 && count == answerTokens)
            {
                _end = Stopwatch.GetTimestamp();
            }
        }
    }
}
