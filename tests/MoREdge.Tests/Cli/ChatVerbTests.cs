using System.Globalization;
using System.Text.RegularExpressions;
using MoREdge.Tests.ModelFile;

namespace MoREdge.Tests.Cli;

/// <summary>moredge chat with piped input.</summary>
public sealed class ChatVerbTests : IDisposable
{
    private const string Question = "Tell me a story about a cat.\n";

    /// <summary>Answers all that it is asked without ever reaching an end token: it has none.</summary>
    private const string EndlessTemplate = "{% for message in messages %}{{ message['content'] }}{% endfor %}";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Questions_Two_AreAnsweredInOneConversation()
    {
        string[] arguments = ["chat", "--temp", "0", "-n", "12"];
        string one = Chat(Question, arguments).Output;
        string again = Chat(Question + "/reset\n" + Question, arguments).Output;
        string two = Chat(Question + Question, arguments).Output;

        Assert.NotEqual("\n", one);
        Assert.Equal(one + one, again);
        Assert.StartsWith(one, two, StringComparison.Ordinal);
        Assert.True(two.Length > one.Length + 1, "The second question has no answer.");
    }

    [Fact]
    public void Model_BuiltInName_AnswersAsItsFileRecommends()
    {
        string[] arguments = ["chat", "-m", "mor-commands"];
        const string Line = "switch off the kitchen light at half past nine in the evening\n";

        // Its file recommends the likeliest token always, so no seed is needed and both times are equal.
        string answer = Chat(Line, arguments).Output;

        Assert.Equal("{\"action\":\"off\",\"device\":\"lamp\",\"room\":\"kitchen\",\"time\":\"21:30\"}\n", answer);
        Assert.Equal(answer, Chat(Line, arguments).Output);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n  \n")]
    [InlineData("/quit\nTell me a story.\n")]
    public void Input_WithoutAQuestion_EndsWithoutAWord(string input) => Assert.Equal("", Chat(input, "chat").Output);

    [Theory]
    [InlineData("/help\n", "/reset  forget the conversation")]
    [InlineData("/stats\n", "There is no answer yet.")]
    [InlineData("/depth\n", "At most 3 of 3 recursions; no answer yet.")]
    [InlineData("/depth 1\n", "At most 1 of 3 recursions; no answer yet.")]
    [InlineData("/reset\n", "The conversation is forgotten.")]
    public void Command_WithoutAnAnswer_Replies(string line, string reply)
    {
        CliResult result = Chat(line, "chat");

        Assert.Equal("", result.Output);
        Assert.Contains(reply, result.Error, StringComparison.Ordinal);
    }

    /// <summary>In a pipe it may be a question, of a path for example, and nobody reads the reply.</summary>
    [Theory]
    [InlineData("/depth 4\n", "The cap is a number from 1 to 3.")]
    [InlineData("/unknown\n", "There is no command /unknown; /help lists them.")]
    [InlineData("/etc/hosts holds what?\n", "There is no command /etc/hosts; /help lists them.")]
    public void Command_ThatIsNone_SaysSoAndFailsInAPipe(string line, string sentence)
    {
        CliResult result = CliRunner.Run(["chat", "-n", "4"], line + Question);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains(sentence, result.Error, StringComparison.Ordinal);
        Assert.Matches(@"\w", result.Output);
    }

    [Fact]
    public void Commands_AfterAnAnswer_SayWhatItCost()
    {
        CliResult result = Chat("/depth 1\n" + Question + "/stats\n/depth\n", "chat", "-n", "8");

        Assert.Contains("mean 1.00 of 3 recursions (decode 1.00)", result.Error, StringComparison.Ordinal);
        Assert.Contains(
            "At most 1 of 3 recursions; last answer and its prompt: mean 1.00", result.Error,
            StringComparison.Ordinal);
    }

    /// <summary>A speed that is always met costs no depth, however the cap of the start was.</summary>
    [Fact]
    public void Budget_CapRaisedLater_LeavesTheNewDepths()
    {
        string input = "/depth 3\n" + Question + "/stats\n";
        string[] arguments = ["chat", "-n", "40", "--temp", "0"];

        CliResult result = Chat(input, [.. arguments, "--max-depth", "1", "--budget", "0.001"]);

        Assert.Equal(Chat(input, arguments).Output, result.Output);
        Assert.Contains("router bias 0.000", result.Error, StringComparison.Ordinal);
        Assert.Contains("cost     +0.000 nats", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Budget_CapLoweredLater_IsMeasuredThere()
    {
        CliResult result = Chat(
            "/depth 1\n" + Question + "/stats\n", "chat", "-n", "8", "--temp", "0", "--budget", "0.001");

        Assert.Matches(@"report text \([\d.]+ at depth 1\.00, [\d.]+ at 1\.00\)", result.Error);
    }

    [Fact]
    public void Depth_OfAnAnswer_HasTheMeanOfItsHistogram()
    {
        CliResult result = Chat(Question + "/depth\n", "chat", "-n", "20", "--temp", "0");

        Match match = Regex.Match(result.Error, @"mean ([\d.]+), tokens by depth 0…3: 0 (\d+) (\d+) (\d+)\.");
        Assert.True(match.Success, result.Error);
        double[] numbers = [.. match.Groups.Values.Skip(1).Select(group => double.Parse(
            group.Value, CultureInfo.InvariantCulture))];
        double mean = (numbers[1] + (2 * numbers[2]) + (3 * numbers[3])) / (numbers[1] + numbers[2] + numbers[3]);
        Assert.Equal(mean, numbers[0], 0.005001);
    }

    [Fact]
    public void System_Prompt_IsReadBeforeTheQuestion()
    {
        string[] arguments = ["chat", "--temp", "0", "-n", "4"];

        int without = PromptTokens(Chat(Question + "/stats\n", arguments));
        int with = PromptTokens(Chat(Question + "/stats\n", [.. arguments, "--system", "You tell stories."]));

        Assert.True(with > without, $"{with} prompt tokens with a system prompt, {without} without.");
    }

    [Fact]
    public void Conversation_LongerThanTheContext_DropsTheOldestMessagesAndSaysSo()
    {
        CliResult result = Chat(Question + Question + Question, "chat", "--context", "48", "-n", "16");

        Assert.Contains("(The context is full: the oldest ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Question_LongerThanTheContext_IsRefusedAndTheChatGoesOnAndFails()
    {
        CliResult result = CliRunner.Run(
            ["chat", "--context", "48", "-n", "8"], $"{new string('a', 2000)}\n" + Question);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("but the context holds 48 (--context)", result.Error, StringComparison.Ordinal);
        Assert.Matches(@"\w", result.Output);
    }

    [Theory]
    [InlineData(null, "no chat template; use 'moredge generate' with it")]
    [InlineData("", "no chat template; use 'moredge generate' with it")]
    [InlineData("{# a note #}", "writes nothing")]
    public void Model_WithoutAChatTemplate_IsRefused(string? template, string sentence)
    {
        string path = new ByteModel { ChatTemplate = template }.Write(_folder.File("plain.gguf"));
        CliRunner.Run(["chat", "-m", path], Question).AssertRefused(1, sentence);
    }

    [Fact]
    public void Inspect_EmptyChatTemplate_SaysNone()
    {
        string path = new ByteModel { ChatTemplate = "" }.Write(_folder.File("empty.gguf"));
        Assert.Matches("chat template +none", CliRunner.Run("inspect", path).Output);
    }

    [Fact]
    public void Tokens_None_AreAUsageError() => CliRunner.Run("chat", "-n", "0").AssertRefused(2, "--tokens");

    [Fact]
    public void Interrupt_InTheMiddleOfAnAnswer_StopsTheAnswerOnly()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals are sent by a shell of Unix.");
        new ByteModel { ChatTemplate = EndlessTemplate }.Write(_folder.File("endless.gguf"));

        // Job control, or the shell starts the program with the interrupt ignored. Each signal is sent once the answer
        // has begun, and the next question once /stats has been answered; an answer would take minutes to end.
        CliResult result = CliRunner.RunShell(
            $$"""
            set -m; cd '{{_folder.Path}}'; mkfifo questions; : > out; : > err
            $MOREDGE chat -m endless.gguf --context 200000 < questions > out 2> err &
            exec 3> questions
            running() { kill -0 $! 2> /dev/null && sleep 0.02; }
            ask() {
                before=$(stat -c %s out)
                echo "$1" >&3
                while running && [ "$(stat -c %s out)" -le "$before" ]; do :; done
                kill -INT $!
                echo /stats >&3
                while running && [ "$(grep -c 'stopped by Ctrl-C' err)" -lt "$2" ]; do :; done
            }
            ask one 1; ask two 2; exec 3>&-; wait $!; status=$?; cat err >&2; exit $status
            """);

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal(3, result.Error.Split("stopped by Ctrl-C").Length);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    private static CliResult Chat(string input, params string[] arguments)
    {
        CliResult result = CliRunner.Run(arguments, input);
        Assert.True(result.ExitCode == 0, result.Error);
        return result;
    }

    private static int PromptTokens(CliResult result)
    {
        string[] words = result.Error.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return int.Parse(words[Array.IndexOf(words, "prompt") + 1], CultureInfo.InvariantCulture);
    }
}
