using Agents.Host.Platform;

namespace Agents.Host.Log;

/// <summary>A fact's frame, and the same without amounts for readers who may not see money. Each is made once, however many readers get it.</summary>
sealed class FramesOfFact(Frame whole)
{
    Frame? withoutMoney;

    public Frame For(bool seesMoney) =>
        seesMoney ? whole : withoutMoney ??= new(whole.Id, whole.Event, whole.Data is { } json ? HiddenMoney.Of(json) : null);
}
