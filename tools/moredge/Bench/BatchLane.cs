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

    private static readonly SamplerOptions Greedy = new() { Temperature = 0 };

    private readonly BenchPlan _plan;
    private readonly DecoderModel _model;
    private readonly int[][] _prompts;

    /// <summary>The answers with every KV policy: drafts of a given rate must know them before.</summary>
    private readonly List<int[]>[] _answers;
    private readonly Func<int, KvPolicy?, SequenceOptions> _options;
    private readonly CancellationToken _cancellation;

    /// <summary>Loads the model and warms it up.</summary>
    /// <param name="plan">What will be measured.</param>
    /// <param name="file">The model.</param>
    /// <param name="options">The options of a sequence for a number of tokens and a KV policy.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="progress">Told when a KV policy is warm.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="ArgumentException">An option does not fit the model or is not for batches.</exception>
    public BatchLane(
        BenchPlan plan,
        GgufFile file,
        Func<int, KvPolicy?, SequenceOptions> options,
        int threads,
        BenchProgress progress,
        CancellationToken cancellation)
    {
        _plan = plan;
        _options = options;
        _cancellation = cancellation;
        _model = DecoderModel.Load(file, ModelOptions.Kernels(), threads);
        bool isComplete = false;
        _answers = Array.ConvertAll(plan.KvPolicies, _ => new List<int[]>());
        _prompts = new int[plan.SequencesMax][];
        try
        {
            for (int i = 0; i < _prompts.Length; i++)
            {
                _prompts[i] = plan.HasOwnDrafts
                    ? BenchText.Report(file, plan.PromptTokens, _model, index: i)
                    : BenchText.Random(plan.PromptTokens, _model, seed: i);
            }

            int answerTokens = Math.Min(WarmUpTokens, plan.DecodeTokens);
            for (int i = 0; i < plan.KvPolicies.Length; i++)
            {
                BatchResult warmUp = new(threads, plan.KvPolicies[i], plan.SequencesMax, DraftMode.Off);
                if (plan.HasDrafts && !plan.HasOwnDrafts)
                {
                    _answers[i] = Measure(warmUp, plan.PromptTokens, plan.DecodeTokens);
                }
                else
                {
                    Measure(warmUp, Math.Min(WarmUpTokens, plan.PromptTokens), answerTokens);
                }

                progress.Advance();
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

    /// <summary>Measures, and returns the answers.</summary>
    private List<int[]> Measure(BatchResult result, int promptTokens, int answerTokens)
    {
        BatchSchedulerOptions limits = new() { Limits = new BatchOptions { SequencesMax = result.Sequences } };
        SequenceOptions options = _options(promptTokens + answerTokens, result.KvPolicy);
        using BatchScheduler scheduler = new(_model, options with { Speculation = result.Drafts.Mode }, limits);
        DecodeWindow window = new(result.Sequences, answerTokens);
        List<BatchAnswer> answers = [];
        List<int[]> texts = [];
        BatchRequest[] requests = new BatchRequest[result.Sequences];
        for (int i = 0; i < requests.Length; i++)
        {
            int[] text = new int[answerTokens];
            texts.Add(text);
            requests[i] = Request(result, i, promptTokens, text, window);
        }

        long start = Stopwatch.GetTimestamp();
        foreach (BatchRequest request in requests)
        {
            answers.Add(scheduler.Submit(request));
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
        SpeculationStatistics fared = default;
        foreach (BatchAnswer answer in answers)
        {
            GenerationStats stats = answer.Completion.GetAwaiter().GetResult();
            depth += stats.MeanDecodeDepth;
            fared = fared.And(stats.Speculation);
        }

        result.MeanDepth = depth / answers.Count;
        result.Fared = fared;
        result.KvBytes = kvBytes;
        return texts;
    }

    /// <summary>The request number <paramref name="index"/>, whose answer will be in <paramref name="text"/>.</summary>
    private BatchRequest Request(BatchResult result, int index, int promptTokens, int[] text, DecodeWindow window)
    {
        int count = 0;
        List<int[]> answers = _answers[Array.IndexOf(_plan.KvPolicies, result.KvPolicy)];
        return new BatchRequest
        {
            Prompt = _prompts[index].AsMemory(0, promptTokens),
            Options = new GenerationOptions { TokenLimit = text.Length, IgnoreEndOfSequence = true },
            Sampler = (_plan.HasOwnDrafts ? Greedy : Flat) with { Seed = (ulong)index },
            DraftOverride = result.Drafts.Override(
                position => answers[index][position - promptTokens], _model.Config.VocabSize, index),
            OnToken = id =>
            {
                text[count] = id;
                window.Count(++count);
            },
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
