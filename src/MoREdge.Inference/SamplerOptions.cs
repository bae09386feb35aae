using MoREdge.ModelFile;

namespace MoREdge.Inference;

/// <summary>
/// How the next token is chosen. Filters apply in this order: repeat penalty, top-k, temperature, top-p, min-p.
/// </summary>
public sealed record SamplerOptions
{
    /// <summary>More than any text is long; a sampler keeps room for so many ids.</summary>
    private const int RepeatWindowMax = 1 << 20;

    /// <summary>
    /// From 0, which takes the most likely token, on; 1 samples from the model's own distribution. Finite.
    /// </summary>
    public float Temperature { get; init; } = 0.8f;

    /// <summary>Keeps the k most likely tokens, which may be more than there are; 0 keeps all.</summary>
    public int TopK { get; init; } = 40;

    /// <summary>
    /// Keeps the smallest set of tokens whose probabilities reach this sum, in (0, 1]; 1 keeps all (Holtzman et al.
    /// 2019, arXiv:1904.09751).
    /// </summary>
    public float TopP { get; init; } = 0.95f;

    /// <summary>
    /// Keeps tokens at least this fraction as likely as the most likely one, in [0, 1]; 0 keeps all (arXiv:2407.01082).
    /// </summary>
    public float MinP { get; init; } = 0.05f;

    /// <summary>
    /// Divides positive and multiplies negative logits of recent tokens, once each; above 0, and 1 changes nothing
    /// (Keskar et al. 2019, arXiv:1909.05858).
    /// </summary>
    public float RepeatPenalty { get; init; } = 1;

    /// <summary>How many recent tokens the repeat penalty looks at, 1,048,576 at most.</summary>
    public int RepeatWindow { get; init; } = 64;

    /// <summary>Seed of the random numbers; a different one each time when null.</summary>
    public ulong? Seed { get; init; }

    /// <summary>
    /// What a model file recommends, and the defaults above for the rest. A recommendation that is none is advice to do
    /// without, and no reason to refuse a model: the default takes its place.
    /// </summary>
    /// <param name="metadata">Of the file.</param>
    /// <param name="onFault">
    /// Told the key of each recommendation that is none, and in one sentence why; null for nobody.
    /// </param>
    public static SamplerOptions RecommendedBy(GgufMetadata metadata, Action<string, string>? onFault = null)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        SamplerOptions options = new();
        Take(MetadataKeys.SamplingTemperature, (other, key) => other with { Temperature = Float(key) });
        Take(MetadataKeys.SamplingTopK, (other, key) => other with { TopK = metadata.RequireInt32(key) });
        Take(MetadataKeys.SamplingTopP, (other, key) => other with { TopP = Float(key) });
        Take(MetadataKeys.SamplingMinP, (other, key) => other with { MinP = Float(key) });
        Take(MetadataKeys.SamplingRepeatPenalty, (other, key) => other with { RepeatPenalty = Float(key) });
        return options;

        float Float(string key) => (float)metadata.RequireFloat64(key);

        void Take(string key, Func<SamplerOptions, string, SamplerOptions> with)
        {
            if (!metadata.Contains(key))
            {
                return;
            }

            try
            {
                SamplerOptions recommended = with(options, key);
                recommended.Validate();
                options = recommended;
            }
            catch (Exception fault) when (fault is ArgumentException or ModelFileException)
            {
                onFault?.Invoke(key, fault.Message);
            }
        }
    }

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message is one sentence.</exception>
    public void Validate()
    {
        Require(float.IsFinite(Temperature) && Temperature >= 0, "The temperature must be finite and 0 or more.");
        Require(TopK >= 0, "Top-k must be 0 (off) or more.");
        Require(TopP is > 0 and <= 1, "Top-p must lie in (0, 1].");
        Require(MinP is >= 0 and <= 1, "Min-p must lie in [0, 1].");
        Require(float.IsFinite(RepeatPenalty) && RepeatPenalty > 0, "The repeat penalty must be finite and above 0.");
        Require(
            RepeatWindow is >= 0 and <= RepeatWindowMax,
            $"The repeat window must lie between 0 and {RepeatWindowMax}.");
    }

    private static void Require(bool condition, string sentence)
    {
        if (!condition)
        {
            throw new ArgumentException(sentence);
        }
    }
}
