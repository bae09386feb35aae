using System.CommandLine;
using System.Globalization;
using MoREdge.Inference;
using MoREdge.ModelFile;

namespace MoREdge.Cli;

/// <summary>The sampling options of the verbs that write text.</summary>
internal sealed class SamplerFlags
{
    private static readonly SamplerOptions Defaults = new();

    private readonly Option<float?> _temperature = Number(
        "--temp", "T", "Temperature; 0 always takes the most likely token (greedy).", Defaults.Temperature);

    private readonly Option<int?> _topK = Count(
        "--top-k", "K", "Keep the K most likely tokens; 0 keeps all.", Recommended(Defaults.TopK));

    private readonly Option<float?> _topP = Number(
        "--top-p", "P", "Keep the likeliest tokens up to this summed probability, (0, 1]; 1 keeps all.", Defaults.TopP);

    private readonly Option<float?> _minP = Number(
        "--min-p", "P", "Keep tokens at least this fraction as likely as the likeliest, [0, 1]; 0 keeps all.",
        Defaults.MinP);

    private readonly Option<float?> _repeatPenalty = Number(
        "--repeat-penalty", "X", "Make recent tokens less likely; 1 is off, 1.1 is usual.", Defaults.RepeatPenalty);

    private readonly Option<int?> _repeatWindow = Count(
        "--repeat-last", "N", "How many recent tokens the penalty looks at.", $"{Defaults.RepeatWindow}");

    private readonly Option<ulong?> _seed = new("--seed")
    {
        Description = "Seed of the random choices; the same seed gives the same text. [default: a new one each time]",
        HelpName = "N",
    };

    /// <summary>Adds the options to <paramref name="command"/>.</summary>
    public SamplerFlags(Command command)
    {
        command.Options.Add(_temperature);
        command.Options.Add(_topK);
        command.Options.Add(_topP);
        command.Options.Add(_minP);
        command.Options.Add(_repeatPenalty);
        command.Options.Add(_repeatWindow);
        command.Options.Add(_seed);
    }

    /// <summary>
    /// The options as parsed and checked; what was not asked for is as the model file recommends. Where that is none, a
    /// warning says so.
    /// </summary>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    public SamplerOptions Read(ParseResult result, GgufMetadata metadata) =>
        Asked(result, SamplerOptions.RecommendedBy(metadata, (key, reason) =>
        {
            if (!IsAsked(result, key))
            {
                Faults.Warn($"the default is used in place of the file's {key}: {reason}");
            }
        }));

    /// <summary>Checks what was asked for, before a model is opened.</summary>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    public void Check(ParseResult result) => Asked(result, Defaults);

    private SamplerOptions Asked(ParseResult result, SamplerOptions otherwise)
    {
        SamplerOptions options = new()
        {
            Temperature = result.GetValue(_temperature) ?? otherwise.Temperature,
            TopK = result.GetValue(_topK) ?? otherwise.TopK,
            TopP = result.GetValue(_topP) ?? otherwise.TopP,
            MinP = result.GetValue(_minP) ?? otherwise.MinP,
            RepeatPenalty = result.GetValue(_repeatPenalty) ?? otherwise.RepeatPenalty,
            RepeatWindow = result.GetValue(_repeatWindow) ?? otherwise.RepeatWindow,
            Seed = result.GetValue(_seed),
        };
        options.Validate();
        return options;
    }

    private bool IsAsked(ParseResult result, string key) => key switch
    {
        MetadataKeys.SamplingTemperature => result.GetValue(_temperature) is not null,
        MetadataKeys.SamplingTopK => result.GetValue(_topK) is not null,
        MetadataKeys.SamplingTopP => result.GetValue(_topP) is not null,
        MetadataKeys.SamplingMinP => result.GetValue(_minP) is not null,
        _ => result.GetValue(_repeatPenalty) is not null,
    };

    private static Option<float?> Number(string name, string unit, string description, float value) =>
        new(name) { Description = $"{description} [default: {Recommended(value)}]", HelpName = unit };

    private static Option<int?> Count(string name, string unit, string description, string value) =>
        new(name) { Description = $"{description} [default: {value}]", HelpName = unit };

    private static string Recommended(float value) =>
        string.Create(CultureInfo.InvariantCulture, $"as the file recommends, else {value}");
}
