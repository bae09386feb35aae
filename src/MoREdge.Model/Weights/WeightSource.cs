using MoREdge.Kernels;
using MoREdge.ModelFile;

namespace MoREdge.Model.Weights;

/// <summary>Finds tensors of a file by name and checks their shapes.</summary>
internal sealed class WeightSource(GgufFile file, KernelSet kernels)
{
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    /// <summary>Every tensor of the file.</summary>
    public IReadOnlyList<GgufTensor> Tensors => file.Tensors;

    /// <summary>Whether the file holds the tensor.</summary>
    public bool Has(string name) => file.TryGetTensor(name, out _);

    /// <summary>A view of a matrix, with its bias if the file holds one.</summary>
    /// <exception cref="ModelFileException">The tensor is missing or has another shape.</exception>
    public WeightMatrix Matrix(string name, string? biasName, int rows, int cols)
    {
        GgufTensor tensor = Find(name);
        tensor.RequireShape(rows, cols);
        return new WeightMatrix(file, tensor, biasName is null ? null : OptionalVector(biasName, rows));
    }

    /// <summary>Rows [rowStart, rowStart + rowCount) of a matrix or stack of the given shape.</summary>
    /// <exception cref="ModelFileException">The tensor is missing or has another shape.</exception>
    public WeightMatrix Rows(string name, int rowStart, int rowCount, params ReadOnlySpan<long> shape)
    {
        GgufTensor tensor = Find(name);
        tensor.RequireShape(shape);
        return new WeightMatrix(file, tensor, null, rowStart, rowCount);
    }

    /// <summary>A vector, copied.</summary>
    /// <exception cref="ModelFileException">The tensor is missing or has another shape.</exception>
    public float[] Vector(string name, int length)
    {
        GgufTensor tensor = Find(name);
        tensor.RequireShape(length);
        return Floats(tensor, 1)[0];
    }

    /// <summary>A vector, copied, or null if the file holds none of this name.</summary>
    /// <exception cref="ModelFileException">The tensor has another shape.</exception>
    public float[]? OptionalVector(string name, int length) => Has(name) ? Vector(name, length) : null;

    /// <summary>A vector that may be stored as a matrix of one row.</summary>
    /// <exception cref="ModelFileException">The tensor is missing or has another shape.</exception>
    public float[] VectorOrRow(string name, int length)
    {
        GgufTensor tensor = Find(name);
        return tensor.Shape.Rank == 1 ? Vector(name, length) : FloatRows(name, 1, length)[0];
    }

    /// <summary>Rows of a tensor.</summary>
    /// <exception cref="ModelFileException">The tensor is missing or has too many.</exception>
    public int RowCount(string name)
    {
        long rows = Find(name).Shape.Rows;
        return rows <= ModelFileLimits.ModelDimensionMax
            ? (int)rows
            : throw new ModelFileException(ModelFileError.ShapeMismatch, $"The tensor '{name}' has too many rows.");
    }

    /// <summary>A matrix, copied: a router.</summary>
    /// <exception cref="ModelFileException">The tensor is missing or has another shape.</exception>
    public float[][] FloatRows(string name, int rows, int cols)
    {
        GgufTensor tensor = Find(name);
        tensor.RequireShape(rows, cols);
        return Floats(tensor, rows);
    }

    /// <summary>Says that a tensor has its place although nothing reads it.</summary>
    public void Know(string name) => _read.Add(name);

    /// <summary>Refuses tensors that nothing has asked for: the network that they belong to is another one.</summary>
    /// <exception cref="ModelFileException">UnexpectedTensor, naming it.</exception>
    public void RefuseUnread() => file.RequireOnly(_read);

    private GgufTensor Find(string name)
    {
        _read.Add(name);
        return file.RequireTensor(name);
    }

    private float[][] Floats(GgufTensor tensor, int rows)
    {
        WeightMatrix matrix = new(file, tensor, null);
        float[][] result = new float[rows][];
        for (int row = 0; row < rows; row++)
        {
            result[row] = new float[matrix.Cols];
            matrix.CopyRow(kernels, row, result[row]);
        }

        return result;
    }
}
