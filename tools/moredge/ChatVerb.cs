using System.CommandLine;
using MoREdge.Inference;

namespace MoREdge.Cli;

/// <summary>moredge chat: a conversation with a model, offline.</summary>
internal static class ChatVerb
{
    public static Command Create()
    {
        Option<string?> model = ModelOptions.CreateModelOption(isRequired: false);
        Option<string?> system = new("--system")
        {
            Description = "A system prompt that stays at the top.",
            HelpName = "TEXT",
        };
        Option<int?> limit = new("--tokens", "-n")
        {
            Description = "Most tokens of one answer. [default: what the context holds]",
            HelpName = "N",
        };
        Command command = new(
            "chat",
            "Opens a conversation, with the built-in story teller unless a model is named. Ctrl-C stops an answer, the "
            + "end of input "
            + "(Ctrl-D) or /quit ends the conversation; questions may also be piped in, one per line: the exit code "
            + "is then 1 when one of them is too long for the context, or begins with / and is no command.\n\n"
            + "Examples:\n  moredge chat\n  moredge chat -m model.gguf --system \"Answer briefly.\"\n"
            + "  echo \"Tell me a story about a cat.\" | moredge chat --temp 0")
        {
            model, system, limit,
        };
        SamplerFlags sampler = new(command);
        ModelOptions options = new(command);
        DecodingFlags decoding = new(command);
        command.SetAction(result =>
        {
            int? tokenLimit = result.GetValue(limit);
            if (tokenLimit < 1)
            {
                throw new UsageException("--tokens must be 1 or more.");
            }

            sampler.Check(result);
            decoding.Check(result);
            using LocalModel opened = OpenedModel.Open(result.GetValue(model), options, result);
            SamplerOptions sampling = sampler.Read(result, opened.File.Metadata);
            using GenerationSession session = OpenedModel.StartSession(opened, options, decoding, result, sampling);
            decoding.SetBudget(opened, session, result);
            ChatSession chat = new(opened, session, TextInput.FromOption(result.GetValue(system)));
            using ChatConsole console = new(opened, session, chat, tokenLimit);
            return console.Run();
        });
        return command;
    }
}
