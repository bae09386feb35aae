using System.CommandLine;
using System.Globalization;
using System.Text;
using MoREdge.Inference;
using MoREdge.ModelFile;
using MoREdge.Tokenization;

namespace MoREdge.Cli;

/// <summary>moredge tokenize: text on standard input becomes tokens.</summary>
internal static class TokenizeVerb
{
    private static readonly Option<string> Model = CreateModelOption();

    private static readonly Option<bool> Ids = new("--ids")
    {
        Description = "Print the ids only, with spaces between, on one line. [default: a line per token, id and piece]",
    };

    private static readonly Option<bool> NoSpecial = new("--no-special")
    {
        Description = "Add no begin and end tokens, and read the spelling of a control token, such as "
            + "<|im_start|>, as plain text. [default: both as the model was trained]",
    };

    private static readonly Option<bool> Json = new("--json")
    {
        Description = "Print one JSON object: {\"ids\":[...],\"pieces\":[...]}.",
    };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command command = new(
            "tokenize",
            "Turns the text on standard input into the tokens of a model. A file that holds only a vocabulary is "
            + "enough.\n\n"
            + "Pieces are printed as the file spells them; line ends and other control characters as \\n, \\t, "
            + "\\u001b. Input that is not UTF-8 is read with U+FFFD in place of what is not, and a warning.\n\n"
            + "Examples:\n"
            + "  echo -n 'Once upon a time' | moredge tokenize -m model.gguf\n"
            + "  moredge tokenize -m model.gguf --ids --no-special < story.txt | moredge detokenize -m model.gguf");
        command.Options.Add(Model);
        command.Options.Add(Ids);
        command.Options.Add(NoSpecial);
        command.Options.Add(Json);
        command.SetAction(Run);
        return command;
    }

    /// <summary>The option -m of the verbs that need a tokenizer and no network.</summary>
    public static Option<string> CreateModelOption() => new Option<string>("--model", "-m")
    {
        Description = $"The model file, or a vocabulary-only file (.gguf), or {BuiltInModel.NamesHelp}.",
        HelpName = "FILE",
        Required = true,
    }.NamesFile();

    private static int Run(ParseResult result)
    {
        if (result.GetValue(Ids) && result.GetValue(Json))
        {
            throw new UsageException("--ids and --json exclude each other.");
        }

        using GgufFile file = OpenedModel.OpenFile(result.GetRequiredValue(Model));
        Tokenizer tokenizer = TokenizerLoader.Load(file);
        bool special = !result.GetValue(NoSpecial);
        int[] ids = tokenizer.Encode(TextInput.ReadStandardInput(), addSpecial: special, parseSpecial: special);
        if (result.GetValue(Json))
        {
            WriteJson(tokenizer, ids);
        }
        else
        {
            WriteText(tokenizer, ids, result.GetValue(Ids));
        }

        return ExitCode.Success;
    }

    private static void WriteText(Tokenizer tokenizer, int[] ids, bool idsOnly)
    {
        StringBuilder text = new();
        if (idsOnly)
        {
            text.AppendJoin(' ', ids).Append('\n');
        }
        else
        {
            foreach (int id in ids)
            {
                text.Append(CultureInfo.InvariantCulture, $"{id}\t{PlainText.Escape(tokenizer.TokenText(id))}\n");
            }
        }

        StandardOutput.Write(text);
    }

    private static void WriteJson(Tokenizer tokenizer, int[] ids) => StandardOutput.WriteJson(writer =>
    {
        writer.WriteStartArray("ids");
        foreach (int id in ids)
        {
            writer.WriteNumberValue(id);
        }

        writer.WriteEndArray();
        writer.WriteStartArray("pieces");
        foreach (int id in ids)
        {
            writer.WriteStringValue(tokenizer.TokenText(id));
        }

        writer.WriteEndArray();
    });
}
