using System.CommandLine;
using MoREdge.Inference;
using MoREdge.Model;

namespace MoREdge.Cli;

/// <summary>
/// The options of the verbs that write text about how tokens are decoded. Both are about speed: drafts leave the text
/// as it is, a budget makes it coarser where it must.
/// </summary>
internal sealed class DecodingFlags
{
    private readonly Option<string?> _speculate = CreateSpeculateOption("auto");

    private readonly Option<double?> _budget = new("--budget")
    {
        Description = "Keeps at least this speed by making tokens leave the loop earlier (Mixture-of-Recursions "
            + "models), and says what that costs. [default: as deep as the model decides]",
        HelpName = "TOKENS_PER_SECOND",
    };

    /// <summary>Adds the options to <paramref name="command"/>.</summary>
    public DecodingFlags(Command command)
    {
        command.Options.Add(_speculate);
        command.Options.Add(_budget);
    }

    /// <summary>The option --speculate.</summary>
    /// <param name="value">The default.</param>
    public static Option<string?> CreateSpeculateOption(string value)
    {
        Option<string?> option = new("--speculate")
        {
            Description = "Drafts the next tokens from a shallow recursion while deeper ones still run (models with a "
                + "loop); the text stays the same. auto measures what is fastest here, no drafts, drafts, or with "
                + $"those of a draft head too. [default: {value}]",
        };
        option.AcceptOnlyFromAmong("auto", "on", "off");
        return option;
    }

    /// <summary>The mode that a value of --speculate names.</summary>
    public static SpeculationMode Mode(string? value, SpeculationMode otherwise) => value switch
    {
        "auto" => SpeculationMode.Auto,
        "on" => SpeculationMode.On,
        "off" => SpeculationMode.Off,
        _ => otherwise,
    };

    /// <summary>Checks what was asked for, before a model is opened.</summary>
    /// <exception cref="UsageException">As for <see cref="Speculation"/> and <see cref="Budget"/>.</exception>
    public void Check(ParseResult result)
    {
        Speculation(result);
        Budget(result);
    }

    /// <summary>Whether drafts are made. A budget learns from the time of single tokens, so it goes without.</summary>
    /// <exception cref="UsageException">Drafts and a budget were asked for.</exception>
    public SpeculationMode Speculation(ParseResult result)
    {
        SpeculationMode mode = Mode(result.GetValue(_speculate), SpeculationMode.Auto);
        if (result.GetValue(_budget) is null)
        {
            return mode;
        }

        return mode != SpeculationMode.On
            ? SpeculationMode.Off
            : throw new UsageException("--budget and --speculate on exclude each other.");
    }

    /// <summary>
    /// Gives the session its budget, if one was asked for. It is for the recursions of the model and not for those of
    /// --max-depth, a cap that a chat may raise.
    /// </summary>
    /// <exception cref="ArgumentException">The model's depth cannot be budgeted.</exception>
    public void SetBudget(LocalModel model, GenerationSession session, ParseResult result)
    {
        if (Budget(result) is { } speed)
        {
            session.Budget = new DepthBudget(speed, model.Network.Config.RecursionCount);
        }
    }

    /// <summary>The speed asked for, or null.</summary>
    /// <exception cref="UsageException">It is not a positive number.</exception>
    private double? Budget(ParseResult result) => result.GetValue(_budget) switch
    {
        null => null,
        > 0 and < double.PositiveInfinity and double speed => speed,
        _ => throw new UsageException("--budget must be a positive number of tokens per second."),
    };
}
