using MoREdge.ModelFile;

namespace MoREdge.Model.Weights;

/// <summary>
/// Finds the experts of a block: one matrix each in our own files, so that an expert's pages lie together; stacks of
/// all experts in other people's.
/// </summary>
internal sealed class ExpertReader(WeightSource source, ModelConfig config, Func<string, string> name)
{
    private readonly ExpertConfig _experts = config.Experts!;

    /// <summary>Views every tensor.</summary>
    /// <exception cref="ModelFileException">A tensor is missing or has another shape.</exception>
    public ExpertWeights Read()
    {
        FfnWeights[] experts = new FfnWeights[_experts.Count];
        for (int i = 0; i < experts.Length; i++)
        {
            experts[i] = Expert(i);
        }

        return new ExpertWeights
        {
            Router = source.FloatRows(name(TensorNames.ExpertGate), _experts.ChoiceCount, config.ModelDim),
            RouterBias = source.OptionalVector(name(TensorNames.ExpertGateBias), _experts.ChoiceCount),
            ChoiceBias = source.OptionalVector(name(TensorNames.ExpertChoiceBias), _experts.ChoiceCount),
            Experts = experts,
            SharedSwitch = source.Has(name(TensorNames.SharedSwitch))
                ? source.VectorOrRow(name(TensorNames.SharedSwitch), config.ModelDim)
                : null,
        };
    }

    private FfnWeights Expert(int index)
    {
        int hidden = _experts.FfnDim;
        int model = config.ModelDim;
        if (source.Has(name(TensorNames.Expert(TensorNames.FfnGate, index))))
        {
            return new FfnWeights
            {
                Gate = source.Matrix(name(TensorNames.Expert(TensorNames.FfnGate, index)), null, hidden, model),
                Up = source.Matrix(name(TensorNames.Expert(TensorNames.FfnUp, index)), null, hidden, model),
                Down = source.Matrix(name(TensorNames.Expert(TensorNames.FfnDown, index)), null, model, hidden),
            };
        }

        bool isFused = source.Has(name(TensorNames.ExpertsGateUp));
        return new FfnWeights
        {
            Gate = isFused
                ? InStack(TensorNames.ExpertsGateUp, index, 0, hidden, 2 * hidden, model)
                : InStack(TensorNames.ExpertsGate, index, 0, hidden, hidden, model),
            Up = isFused
                ? InStack(TensorNames.ExpertsGateUp, index, hidden, hidden, 2 * hidden, model)
                : InStack(TensorNames.ExpertsUp, index, 0, hidden, hidden, model),
            Down = InStack(TensorNames.ExpertsDown, index, 0, model, model, hidden),
        };
    }

    /// <summary>Rows [start, start + count) of the <paramref name="rows"/> that an expert has in a stack.</summary>
    private WeightMatrix InStack(string stack, int index, int start, int count, int rows, int cols)
    {
        long first = ((long)index * rows) + start;
        return first + count <= int.MaxValue
            ? source.Rows(name(stack), (int)first, count, _experts.Count, rows, cols)
            : throw new ModelFileException(
                ModelFileError.DimensionOverflow, $"The tensor '{name(stack)}' has too many rows.");
    }
}
