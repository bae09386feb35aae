namespace MoREdge.Model.Recursion;

/// <summary>A mean in which older values fade.</summary>
internal sealed class FadingMean
{
    /// <summary>Weight of a new value: about a hundred of them count.</summary>
    private const float Weight = 0.01f;

    private bool _hasValue;

    /// <summary>The mean; 0 before the first value.</summary>
    public float Mean { get; private set; }

    /// <summary>Counts a value; one that is not a number is left out.</summary>
    public void Add(float value)
    {
        if (float.IsFinite(value))
        {
            Mean = _hasValue ? Mean + (Weight * (value - Mean)) : value;
            _hasValue = true;
        }
    }
}
