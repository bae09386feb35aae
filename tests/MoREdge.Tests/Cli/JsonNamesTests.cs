using System.Text.Json;
using System.Text.RegularExpressions;
using MoREdge.Tests.Model;

namespace MoREdge.Tests.Cli;

/// <summary>Whoever reads the JSON of one verb knows how those of the others spell their names.</summary>
public sealed partial class JsonNamesTests(CliFolder folder) : IClassFixture<CliFolder>
{
    /// <summary>TEXT is a model with a tokenizer, LOOP one with a loop; TINY begins a random model's name.</summary>
    private static readonly string[] Lines =
    [
        "quantize SOURCE -o json.gguf --format q4",
        "inspect TEXT --tensors",
        "inspect LOOP",
        "inspect TINYqwen2moe",
        "inspect TINYouro",
        "inspect TINYmod",
        "inspect TINYfla",
        "verify TEXT",
        "tokenize -m TEXT",
        "logits -m TEXT --ids 1,2,3 --decode 1",
        "perplexity -m TEXT -f SAMPLE --against LOOP",
        "bench -m LOOP -p 4 -n 4 -r 1 --threads 1 --filled 0,8",
        "bench -m LOOP -p 4 -n 4 -r 1 --threads 1 --sequences 1,2",
        "bench -m LOOP -p 4 -n 4 -r 1 --threads 1 --speculate own",
        "doctor --self-test",
        "doctor LOOP",
        "doctor TINYfla",
    ];

    [Fact]
    public void Lines_ThatAreTested_AreOfEveryVerbWithJson()
    {
        string[] withJson =
        [
            .. Verb().Matches(CliRunner.Run("--help").Output)
                .Select(verb => verb.Groups[1].Value)
                .Where(verb => Option().IsMatch(CliRunner.Run(verb, "--help").Output)),
        ];

        Assert.NotEmpty(withJson);
        Assert.Equal(withJson.Order(), Lines.Select(line => line.Split(' ')[0]).Distinct().Order());
    }

    [Fact]
    public void Names_OfEveryVerb_AreWordsWithUnderscores()
    {
        using TemporaryModels models = new(folder);
        foreach (string line in Lines)
        {
            CliResult result = CliRunner.Run([.. line.Split(' ').Select(models.Resolve), "--json"], "ab");

            Assert.True(result.ExitCode == 0, $"{line}: {result.Error}");
            using JsonDocument json = JsonDocument.Parse(result.OutputBytes);
            Check(line, json.RootElement);
        }
    }

    private static void Check(string line, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in value.EnumerateArray())
            {
                Check(line, item);
            }
        }
        else if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty member in value.EnumerateObject())
            {
                Assert.True(Name().IsMatch(member.Name), $"{line}: {member.Name}");
                Check(line, member.Value);
            }
        }
    }

    [GeneratedRegex(@"^  ([a-z]+) +", RegexOptions.Multiline)]
    private static partial Regex Verb();

    [GeneratedRegex("^ +--json ", RegexOptions.Multiline)]
    private static partial Regex Option();

    [GeneratedRegex("^[a-z0-9]+(_[a-z0-9]+)*$")]
    private static partial Regex Name();

    /// <summary>The files that the words of a line stand for.</summary>
    private sealed class TemporaryModels(CliFolder folder) : IDisposable
    {
        private readonly List<TinyModel> _tiny = [];
        private readonly string _text = new ByteModel().Write(folder["text.gguf"]);
        private readonly string _loop = new ByteModel { RecursionCount = 3, DraftSize = 16 }.Write(folder["loop.gguf"]);

        public string Resolve(string word) => word switch
        {
            "SOURCE" => folder.Source,
            "json.gguf" => folder["names.gguf"],
            "SAMPLE" => folder.Write("sample.txt", "a small text of few words"u8.ToArray()),
            "TEXT" => _text,
            "LOOP" => _loop,
            _ => word.StartsWith("TINY", StringComparison.Ordinal) ? Tiny(word["TINY".Length..]) : word,
        };

        public void Dispose() => _tiny.ForEach(model => model.Dispose());

        private string Tiny(string name)
        {
            TinyModel model = name == "fla" ? TinyRetNet.Create(name) : TinyFamilies.Create(name);
            _tiny.Add(model);
            model.Write();
            return model.FilePath;
        }
    }
}
