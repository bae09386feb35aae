using MoREdge.Tokenization;

namespace MoREdge.Tests.Tokenization;

/// <summary>The tokenizers of ../shared, built once.</summary>
internal static class PublicTokenizers
{
    private static readonly Dictionary<string, Tokenizer> Built = [];

    public static Tokenizer Get(string name)
    {
        lock (Built)
        {
            if (!Built.TryGetValue(name, out Tokenizer? tokenizer))
            {
                tokenizer = new Tokenizer(Load(name));
                Built.Add(name, tokenizer);
            }

            return tokenizer;
        }
    }

    public static TokenizerDefinition Load(string name) => name switch
    {
        "mor-stories" => TokenizerJson.Load(
            SharedData.Require("data/checkpoints/mor-stories/tokenizer.json"),
            SharedData.Require("data/checkpoints/mor-stories/tokenizer_config.json")),
        "tinystories656k" => TokenizerJson.Load(
            SharedData.Require("data/checkpoints/tinystories656K-hf/tokenizer.json"),
            SharedData.Require("data/checkpoints/tinystories656K-hf/tokenizer_config.json")),
        "smollm2" => TokenizerJson.Load(SharedData.Require("data/tokenizers/smollm2/tokenizer.json")),
        "tok512" => Llama2cTokenizer.Load(SharedData.Require("data/checkpoints/stories260K/tok512.bin")),
        "tok8192" => SentencePieceModel.Load(SharedData.Require("data/tokenizers/tinystories-spm8192/tok8192.model")),
        _ => GgufVocabulary.Load(SharedData.Require($"data/tokenizers/ggml-vocab/ggml-vocab-{name}.gguf")),
    };
}
