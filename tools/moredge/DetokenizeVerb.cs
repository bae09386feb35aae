using System.CommandLine;
using System.Globalization;
using System.Text;
using MoREdge.Inference;
using MoREdge.ModelFile;
using MoREdge.Tokenization;

namespace MoREdge.Cli;

/// <summary>moredge detokenize: ids on standard input become text.</summary>
internal static class DetokenizeVerb
{
    private static readonly Option<string> Model = TokenizeVerb.CreateModelOption();

    private static readonly Option<bool> Special = new("--special")
    {
        Description = "Print control tokens too, as the file spells them. [default: left out]",
    };

    /// <summary>The verb.</summary>
    public static Command Create()
    {
        Command command = new(
            "detokenize",
            "Turns the token ids on standard input back into text: exactly the bytes of the tokens, no line end "
            + "added. Ids are decimal numbers with spaces, line ends or commas between. A word that is no number, or "
            + "an id outside the vocabulary, is bad input: exit code 1, and nothing is printed.\n\n"
            + "Examples:\n"
            + "  echo 1 403 407 | moredge detokenize -m model.gguf\n"
            + "  moredge tokenize -m model.gguf --ids < story.txt | moredge detokenize -m model.gguf");
        command.Options.Add(Model);
        command.Options.Add(Special);
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult result)
    {
        using GgufFile file = OpenedModel.OpenFile(result.GetRequiredValue(Model));
        Tokenizer tokenizer = TokenizerLoader.Load(file);
        int[] ids = ParseIds(TextInput.ReadStandardInputBytes());
        StandardOutput.Write(tokenizer.DecodeBytes(ids, skipSpecial: !result.GetValue(Special)));
        return ExitCode.Success;
    }

    private static int[] ParseIds(byte[] input)
    {
        List<int> ids = [];
        string text = Encoding.UTF8.GetString(input);
        foreach (string word in text.Split([' ', '\t', '\r', '\n', ','], StringSplitOptions.RemoveEmptyEntries))
        {
            ids.Add(int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                ? id
                : throw new FailureException(
                    $"Standard input holds '{PlainText.Clean(word, 40)}', which is not a token id."));
        }

        return ids.ToArray();
    }
}
