using System.Text.Json;

namespace MoREdge.Cli;

/// <summary>What is measured: every thread count, and for each every context length.</summary>
/// <param name="PromptTokens">Tokens of the prompt, which meets an empty context.</param>
/// <param name="DecodeTokens">Tokens decoded.</param>
/// <param name="Filled">Tokens that the context holds before the decoded ones; a row for each.</param>
/// <param name="Threads">Thread counts.</param>
/// <param name="Repetitions">How often everything is measured.</param>
/// <param name="Sequences">
/// Numbers of sequences side by side, which are then measured and nothing else; empty for one sequence by itself.
/// </param>
internal sealed record BenchPlan(
    int PromptTokens, int DecodeTokens, int[] Filled, int[] Threads, int Repetitions, int[] Sequences)
{
    /// <summary>The longest input, of a prefill or to fill a context.</summary>
    public int InputTokensMax
    {
        get
        {
            int max = PromptTokens;
            foreach (int filled in Filled)
            {
                max = Math.Max(max, filled);
            }

            return max;
        }
    }

    /// <summary>What was measured and where, at the head of a report.</summary>
    public void WriteJson(Utf8JsonWriter writer, string model, long fileBytes)
    {
        writer.WriteString("model", model);
        writer.WriteNumber("file_bytes", fileBytes);
        Machine.WriteJson(writer, ModelOptions.Kernels());
        writer.WriteNumber("repetitions", Repetitions);
        writer.WriteNumber("prompt_tokens", PromptTokens);
    }
}

/// <summary>Prefill speed with one thread count.</summary>
/// <param name="threads">Threads.</param>
internal sealed class PrefillResult(int threads)
{
    /// <summary>Threads.</summary>
    public int Threads { get; } = threads;

    /// <summary>Prompt tokens per second.</summary>
    public Samples Speed { get; } = new();

    /// <summary>Operations per second: a multiply-add of a projection counts as two.</summary>
    public Samples Operations { get; } = new();

    /// <summary>Speed over that of the first thread count in the same repetition; empty in its own row.</summary>
    public Samples AgainstFirstThreads { get; } = new();
}

/// <summary>Decode speed with one thread count, context length and depth cap.</summary>
/// <param name="threads">Threads.</param>
/// <param name="filled">Tokens in the context before the decoded ones.</param>
/// <param name="depthMax">The cap on recursions; null where none is set.</param>
internal sealed class DecodeResult(int threads, int filled, int? depthMax)
{
    /// <summary>Threads.</summary>
    public int Threads { get; } = threads;

    /// <summary>Tokens in the context before the decoded ones.</summary>
    public int Filled { get; } = filled;

    /// <summary>The cap on recursions; null where none is set.</summary>
    public int? DepthMax { get; } = depthMax;

    /// <summary>Decoded tokens per second.</summary>
    public Samples Speed { get; } = new();

    /// <summary>Bytes per second that the probe read right after each decode.</summary>
    public Samples Bandwidth { get; } = new();

    /// <summary>Bytes per second of the decode, as a fraction of the probe's.</summary>
    public Samples Share { get; } = new();

    /// <summary>
    /// Speed over that of the first thread count with the same context and depth, in the same repetition.
    /// </summary>
    public Samples AgainstFirstThreads { get; } = new();

    /// <summary>Speed over that behind the first context length with the same threads and depth, likewise.</summary>
    public Samples AgainstFirstFilled { get; } = new();

    /// <summary>Weight bytes that a decoded token reads.</summary>
    public double WeightBytes { get; set; }

    /// <summary>Key and value bytes that a decoded token reads, on average.</summary>
    public double KvBytes { get; set; }

    /// <summary>Mean recursions of the decoded tokens.</summary>
    public double MeanDepth { get; set; }
}
