using MoREdge.ModelFile;

namespace MoREdge.Checkpoints.HuggingFace;

/// <summary>
/// Reads the rotary embedding: rope_theta and rope_scaling, or rope_parameters of newer configurations, which may be
/// one object or one per kind of layer. What such an object says counts before the same key outside of it.
/// </summary>
/// <param name="config">The configuration.</param>
/// <param name="headDim">Width of a head.</param>
/// <param name="contextLength">The context.</param>
/// <param name="usualOriginal">The context before it was stretched where nothing says it; null for the context.</param>
internal sealed class RopeReader(ConfigObject config, int headDim, int contextLength, int? usualOriginal)
{
    /// <summary>Kind of the layers that see everything, in configurations that name kinds.</summary>
    public const string FullLayers = "full_attention";

    /// <summary>Kind of the layers with a window.</summary>
    public const string WindowLayers = "sliding_attention";

    private const double WindowBaseDefault = 10000;

    /// <summary>What a nested object may say that is read elsewhere.</summary>
    private static readonly HashSet<string> ReadElsewhere =
        ["rope_theta", "partial_rotary_factor", "rope_type", "type", "original_max_position_embeddings", "finetuned"];

    /// <summary>Reads the settings.</summary>
    /// <param name="windowBaseKey">The key of the base of layers with a window, or null where there is none.</param>
    /// <param name="baseDefault">The base of a configuration that states none.</param>
    /// <exception cref="CheckpointException">UnsupportedOption, MissingKey or InvalidValue.</exception>
    public RopeSettings Read(string? windowBaseKey, double baseDefault)
    {
        ConfigObject? parameters = config.GetObject("rope_parameters");
        ConfigObject? full = parameters?.GetObject(FullLayers) ?? parameters;
        ConfigObject? window = parameters?.GetObject(WindowLayers);
        ConfigObject? scaling = config.GetObject("rope_scaling") ?? full;
        double ropeBase = Nearest(scaling, "rope_theta", baseDefault);
        double? windowBase = windowBaseKey is null ? null : WindowBase(windowBaseKey, window);
        if (window is { } own && Kind(own) != "default")
        {
            throw Unsupported($"{WindowLayers} with stretched angles");
        }

        double share = Nearest(scaling, "partial_rotary_factor", 1);
        int dim = (int)(headDim * share);
        if (dim < 2 || dim > headDim || dim % 2 != 0)
        {
            throw config.Invalid("partial_rotary_factor", $"turns {dim} of {headDim} dimensions");
        }

        RopeSettings settings = new() { Base = ropeBase, WindowBase = windowBase, Dim = dim };
        return scaling is { } stretched ? Scaled(settings, stretched) : settings;
    }

    private double Nearest(ConfigObject? scaling, string key, double usual)
    {
        double outside = config.GetPositive(key, usual);
        return scaling?.GetPositive(key, outside) ?? outside;
    }

    private static string Kind(ConfigObject scaling) =>
        scaling.GetString("rope_type") ?? scaling.GetString("type") ?? "default";

    private RopeSettings Scaled(RopeSettings settings, ConfigObject scaling)
    {
        string kind = Kind(scaling);
        RopeSettings scaled = kind switch
        {
            "default" => settings,
            "linear" => settings with { Kind = kind, Factor = scaling.GetPositive("factor") },
            "llama3" => settings with { Divisors = Llama3(scaling, settings) },
            "yarn" => Yarn(settings, scaling),
            "longrope" or "su" => LongRope(settings, scaling),
            _ => throw Unsupported(
                $"rotary scaling of the kind {CheckpointException.Quote(kind)}; default, linear, llama3, yarn and "
                + "longrope are computed"),
        };
        scaling.RefuseUnread(ReadElsewhere);
        return scaled;
    }

    /// <summary>
    /// Long wavelengths are divided by the factor, short ones kept, with a smooth passage between (Llama 3.1).
    /// </summary>
    private static float[] Llama3(ConfigObject scaling, RopeSettings settings)
    {
        double factor = scaling.GetPositive("factor");
        double lowFactor = scaling.GetPositive("low_freq_factor");
        double highFactor = scaling.GetPositive("high_freq_factor");
        double trained = scaling.GetPositive("original_max_position_embeddings");
        if (highFactor <= lowFactor)
        {
            throw scaling.Invalid("high_freq_factor", "is not above low_freq_factor");
        }

        float[] factors = new float[settings.Dim / 2];
        for (int i = 0; i < factors.Length; i++)
        {
            double wavelength = 2 * Math.PI * Math.Pow(settings.Base, 2.0 * i / settings.Dim);
            double smooth = Math.Clamp(((trained / wavelength) - lowFactor) / (highFactor - lowFactor), 0, 1);
            factors[i] = (float)(1 / (((1 - smooth) / factor) + smooth));
        }

        return factors;
    }

    /// <summary>The base of layers with a window: under a key of its own, or in the settings of their kind.</summary>
    private double WindowBase(string key, ConfigObject? window) =>
        config.GetPositive(key, window?.GetPositive("rope_theta", WindowBaseDefault) ?? WindowBaseDefault);

    /// <summary>
    /// YaRN (arXiv:2309.00071); its amplitude is 0.1·ln(factor) + 1 unless the configuration says otherwise.
    /// </summary>
    private RopeSettings Yarn(RopeSettings settings, ConfigObject scaling)
    {
        int original = Original(scaling);
        double factor = scaling.GetPositive("factor", (double)contextLength / original);
        double own = YarnDefaults.Magnitude(factor, 1);
        double scale = scaling.GetDouble("mscale", 0);
        double scaleOfAll = scaling.GetDouble("mscale_all_dim", 0);
        double usual = scale != 0 && scaleOfAll != 0
            ? YarnDefaults.Magnitude(factor, scale) / YarnDefaults.Magnitude(factor, scaleOfAll)
            : own;
        return settings with
        {
            Kind = "yarn",
            Factor = factor,
            OriginalContext = original,
            Amplitude = scaling.GetPositive("attention_factor", usual) / own,
            BetaFast = scaling.GetPositive("beta_fast", settings.BetaFast),
            BetaSlow = scaling.GetPositive("beta_slow", settings.BetaSlow),
            Truncate = scaling.GetBoolean("truncate", fallback: true),
        };
    }

    /// <summary>
    /// LongRoPE (arXiv:2402.13753): two lists of divisors, and an amplitude from how much longer the context became.
    /// </summary>
    private RopeSettings LongRope(RopeSettings settings, ConfigObject scaling)
    {
        int original = Original(scaling);
        bool isStated = config.TryGet("original_max_position_embeddings", out _);
        double stretch = isStated || usualOriginal is not null
            ? (double)contextLength / original
            : scaling.GetPositive("factor", (double)contextLength / original);
        double usual = stretch <= 1 ? 1 : Math.Sqrt(1 + (Math.Log(stretch) / Math.Log(original)));
        return settings with
        {
            Kind = "longrope",
            OriginalContext = original,
            Amplitude = scaling.GetPositive("attention_factor", usual),
            ShortDivisors = Factors(scaling, "short_factor", settings.Dim / 2),
            LongDivisors = Factors(scaling, "long_factor", settings.Dim / 2),
        };
    }

    private int Original(ConfigObject scaling)
    {
        const string Key = "original_max_position_embeddings";
        int own = scaling.GetInt32(Key, 1, ModelFileLimits.ModelDimensionMax, usualOriginal ?? contextLength);
        return config.GetInt32(Key, 1, ModelFileLimits.ModelDimensionMax, own);
    }

    private static float[] Factors(ConfigObject scaling, string key, int count)
    {
        double[] values = scaling.GetDoubles(key) ?? [];
        return values.Length == count && Array.TrueForAll(values, value => value > 0)
            ? Array.ConvertAll(values, value => (float)value)
            : throw scaling.Invalid(key, $"is not a list of {count} positive numbers");
    }

    private CheckpointException Unsupported(string what) =>
        new(CheckpointError.UnsupportedOption, $"{config.Name} uses {what}.");
}
