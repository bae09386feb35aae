using System.Text.Json;
using MoREdge.Model;

namespace MoREdge.Cli;

/// <summary>What a row of a report was measured with.</summary>
/// <param name="Threads">Threads.</param>
/// <param name="KvPolicy">The KV policy; null as trained.</param>
/// <param name="Filled">Tokens in the context before those measured.</param>
/// <param name="DepthMax">The cap on recursions; null where none is set.</param>
internal sealed record BenchSetting(int Threads, KvPolicy? KvPolicy, int Filled, int? DepthMax);

/// <summary>The speed of one setting.</summary>
/// <param name="setting">What was measured.</param>
internal abstract class BenchRow(BenchSetting setting)
{
    /// <summary>What was measured.</summary>
    public BenchSetting Setting { get; } = setting;

    /// <summary>Tokens per second.</summary>
    public Samples Speed { get; } = new();

    /// <summary>
    /// Speed over that of the first thread count, else the same setting, in the same repetition; empty in its own row.
    /// </summary>
    public Samples AgainstFirstThreads { get; } = new();

    /// <summary>Speed over that with the first KV policy, likewise.</summary>
    public Samples AgainstFirstPolicy { get; } = new();

    /// <summary>Mean recursions of the tokens.</summary>
    public double MeanDepth { get; set; }

    /// <summary>What should set the time of a token: bytes read, or multiply-adds.</summary>
    public abstract double WorkPerToken { get; }

    /// <summary>The members that every row has.</summary>
    public void WriteSetting(Utf8JsonWriter writer)
    {
        writer.WriteNumber("threads", Setting.Threads);
        if (Setting.KvPolicy is not null)
        {
            writer.WriteString("kv_policy", BenchPlan.KvName(Setting.KvPolicy));
        }

        if (Setting.DepthMax is { } depthMax)
        {
            writer.WriteNumber("depth_max", depthMax);
        }
    }
}

/// <summary>Prefill speed.</summary>
/// <param name="setting">What was measured.</param>
internal sealed class PrefillResult(BenchSetting setting) : BenchRow(setting)
{
    /// <summary>Operations per second: a multiply-add of a projection counts as two.</summary>
    public Samples Operations { get; } = new();

    /// <summary>Multiply-adds of the projections, over the tokens of the prompt.</summary>
    public double MultiplyAddsPerToken { get; set; }

    /// <inheritdoc/>
    public override double WorkPerToken => MultiplyAddsPerToken;
}

/// <summary>Decode speed.</summary>
/// <param name="setting">What was measured.</param>
internal sealed class DecodeResult(BenchSetting setting) : BenchRow(setting)
{
    /// <summary>Bytes per second that the probe read right after each decode; empty without a probe.</summary>
    public Samples Bandwidth { get; } = new();

    /// <summary>Bytes per second of the decode, as a fraction of the probe's; empty without a probe.</summary>
    public Samples Share { get; } = new();

    /// <summary>Speed over that behind the first context length, as the other ratios.</summary>
    public Samples AgainstFirstFilled { get; } = new();

    /// <summary>The routers' part of the time of a token, as a fraction; empty where there is no router.</summary>
    public Samples RouterShare { get; } = new();

    /// <summary>Weight bytes that a decoded token reads.</summary>
    public double WeightBytes { get; set; }

    /// <summary>Key and value bytes that a decoded token reads, on average.</summary>
    public double KvBytes { get; set; }

    /// <summary>Key and value bytes that the context keeps of a token, on average.</summary>
    public double KvBytesKept { get; set; }

    /// <summary>Pages that all decodes had to read from the disk; null where the system does not say.</summary>
    public long? MajorFaults { get; set; }

    /// <inheritdoc/>
    public override double WorkPerToken => WeightBytes + KvBytes;
}
