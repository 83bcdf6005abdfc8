using Microsoft.Extensions.AI;
using Effort = Agents.Domain.Definitions.ReasoningEffort;

namespace Agents.Host.Models.Wire;

/// <summary>What a call asks for, in the words that Ollama's SDK reads.</summary>
static class OllamaForm
{
    public static IChatClient Of(IChatClient sdk) => sdk.AsBuilder().ConfigureOptions(Fit).Build();

    static void Fit(ChatOptions call)
    {
        if (CallForm.EffortOf(call) is not { } effort) return;

        call.Reasoning = new()
        {
            Effort = effort switch
            {
                Effort.High => ReasoningEffort.High,
                Effort.Medium => ReasoningEffort.Medium,
                _ => ReasoningEffort.Low, // Ollama knows nothing less
            },
        };
    }
}
