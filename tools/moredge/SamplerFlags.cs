using System.CommandLine;
using MoREdge.Inference;

namespace MoREdge.Cli;

/// <summary>The sampling options of the verbs that write text.</summary>
internal sealed class SamplerFlags
{
    private static readonly SamplerOptions Defaults = new();

    private readonly Option<float> _temperature = Number(
        "--temp", "T", "Temperature; 0 always takes the most likely token (greedy).", Defaults.Temperature);

    private readonly Option<int> _topK = Count(
        "--top-k", "K", "Keep the K most likely tokens; 0 keeps all.", Defaults.TopK);

    private readonly Option<float> _topP = Number(
        "--top-p", "P", "Keep the likeliest tokens up to this summed probability, (0, 1]; 1 keeps all.", Defaults.TopP);

    private readonly Option<float> _minP = Number(
        "--min-p", "P", "Keep tokens at least this fraction as likely as the likeliest, [0, 1]; 0 keeps all.",
        Defaults.MinP);

    private readonly Option<float> _repeatPenalty = Number(
        "--repeat-penalty", "X", "Make recent tokens less likely; 1 is off, 1.1 is usual.", Defaults.RepeatPenalty);

    private readonly Option<int> _repeatWindow = Count(
        "--repeat-last", "N", "How many recent tokens the penalty looks at.", Defaults.RepeatWindow);

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

    /// <summary>The options as parsed and checked.</summary>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    public SamplerOptions Read(ParseResult result)
    {
        SamplerOptions options = new()
        {
            Temperature = result.GetValue(_temperature),
            TopK = result.GetValue(_topK),
            TopP = result.GetValue(_topP),
            MinP = result.GetValue(_minP),
            RepeatPenalty = result.GetValue(_repeatPenalty),
            RepeatWindow = result.GetValue(_repeatWindow),
            Seed = result.GetValue(_seed),
        };
        options.Validate();
        return options;
    }

    private static Option<float> Number(string name, string unit, string description, float value) =>
        new(name) { Description = description, HelpName = unit, DefaultValueFactory = _ => value };

    private static Option<int> Count(string name, string unit, string description, int value) =>
        new(name) { Description = description, HelpName = unit, DefaultValueFactory = _ => value };
}
