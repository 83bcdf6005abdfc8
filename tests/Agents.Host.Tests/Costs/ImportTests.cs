using Agents.Host.Engine.Money;
using Agents.Host.Engine.Money.Import;

namespace Agents.Host.Tests.Costs;

public sealed class ImportTests
{
    static readonly DateOnly Day = new(2026, 11, 23);
    static readonly string[] Both = ["openai", "anthropic"];

    const string LiteLlm =
        """
        {
          "sample_spec": {"litellm_provider": "one of many", "mode": "one of many", "input_cost_per_token": 0, "output_cost_per_token": 0},
          "gpt-x": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1.5e-07, "output_cost_per_token": 6e-07, "cache_read_input_token_cost": 7.5e-08,
            "input_cost_per_token_batches": 7.5e-08, "output_cost_per_token_batches": 3e-07,
            "input_cost_per_token_priority": 2.5e-07, "output_cost_per_token_priority": 1e-06, "cache_read_input_token_cost_priority": 1.25e-07},
          "claude-x": {"litellm_provider": "anthropic", "mode": "chat", "input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05,
            "cache_creation_input_token_cost": 3.75e-06, "cache_creation_input_token_cost_above_1hr": 6e-06, "cache_read_input_token_cost": 3.0000000000000004e-07,
            "input_cost_per_token_above_200k_tokens": 6e-06, "output_cost_per_token_above_200k_tokens": 2.25e-05},
          "azure/gpt-x": {"litellm_provider": "azure", "mode": "chat", "input_cost_per_token": 1, "output_cost_per_token": 1},
          "painter": {"litellm_provider": "openai", "mode": "image_generation", "input_cost_per_pixel": 1e-08},
          "gift": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 0, "output_cost_per_token": 0},
          "per-call": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1e-06, "output_cost_per_token": 1e-06, "input_cost_per_request": 0.01,
            "input_cost_per_token_batches": 5e-07, "output_cost_per_token_batches": 5e-07},
          "voice": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05,
            "input_cost_per_audio_token": 4e-05, "output_cost_per_audio_token": 8e-05, "input_cost_per_request": 0,
            "search_context_cost_per_query": {"search_context_size_low": 0.025, "search_context_size_medium": 0.0275, "search_context_size_high": 0.03}},
          "claude-seeker": {"litellm_provider": "anthropic", "mode": "chat", "input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05,
            "input_cost_per_token_above_200k_tokens": 6e-06, "output_cost_per_token_above_200k_tokens": 2.25e-05,
            "search_context_cost_per_query": {"search_context_size_low": 0.01, "search_context_size_medium": 0.01, "search_context_size_high": 0.01}},
          "gpt-x-search-preview": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05,
            "search_context_cost_per_query": {"search_context_size_low": 0.03, "search_context_size_medium": 0.035, "search_context_size_high": 0.05}},
          "toll-only": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 0, "output_cost_per_token": 0, "input_cost_per_request": 0.02},
          "half": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1e-06}
        }
        """;

    const string Genai =
        """
        [{"id": "openai", "models": [
           {"id": "gpt-x", "match": {"or": [{"equals": "gpt-x"}, {"starts_with": "gpt-x-2"}, {"regex": "^gpt-x-[a-z]$"}]}, "prices_checked": "2026-10-01",
            "prices": [{"prices": {"input_mtok": 1, "output_mtok": 2}}, {"constraint": {"start_date": "2026-06-01"}, "prices": {"input_mtok": 0.15, "cache_read_mtok": 0.075, "output_mtok": 0.6}},
                       {"constraint": {"start_date": "2027-01-01"}, "prices": {"input_mtok": 0.1, "output_mtok": 0.4}}]},
           {"id": "searching", "match": {"contains": "search"}, "prices": {"input_mtok": 1, "output_mtok": 1, "requests_kcount": 25}},
           {"id": "voice", "match": {"equals": "voice"}, "prices": {"input_mtok": 0.6, "cache_read_mtok": 0.3, "output_mtok": 2.4, "input_audio_mtok": {"base": 10, "tiers": [{"start": 128000, "price": 12}]},
             "cache_audio_read_mtok": 0.3, "output_audio_mtok": 20, "requests_kcount": 0}},
           {"id": "drawing", "match": {"equals": "drawing"}, "prices": {"input_mtok": 1, "output_mtok": 1, "output_images_kcount": 40}},
           {"id": "gift", "match": {"equals": "gift"}, "prices": {}}]},
         {"id": "anthropic", "models": [
           {"id": "claude-x", "match": {"ends_with": "claude-x"}, "prices": {"input_mtok": {"base": 3, "tiers": [{"start": 200000, "price": 6}]},
             "cache_write_mtok": {"base": 3.75, "tiers": [{"start": 200000, "price": 7.5}]}, "output_mtok": {"base": 15, "tiers": [{"start": 200000, "price": 22.5}]}}}]},
         {"id": "deepseek", "models": [{"id": "night", "match": {"equals": "night"}, "prices": [{"constraint": {"start_time": "00:30:00Z", "end_time": "16:30:00Z"}, "prices": {"input_mtok": 1, "output_mtok": 1}}]}]}]
        """;

    [Fact]
    public void LiteLLMs_file_becomes_prices_with_tiers_lengths_and_what_cannot_be_told_is_named()
    {
        var (prices, skipped) = LiteLlmPrices.Read(LiteLlm, "v", Both, Day, "file");

        Assert.Equal(new(0.15m, 0.6m, 0.075m), prices.For("gpt-x"));
        Assert.Equal(new(0.075m, 0.3m), prices.For("gpt-x", "batch"));
        Assert.Equal(new(0.25m, 1m, 0.125m), prices.For("gpt-x", "priority"));
        Assert.Null(prices.For("gpt-x", "flex"));
        Assert.Equal(new(3m, 15m, 0.3m, 3.75m, 6m, null, new(200_000, new(6m, 22.5m))), prices.For("claude-x"));
        Assert.Equal(new(1m, 1m, RequestFee: 0.01m), prices.For("per-call"));
        Assert.Equal(new(0.5m, 0.5m, RequestFee: 0.01m), prices.For("per-call", "batch"));
        Assert.Equal(new(0m, 0m, RequestFee: 0.02m), prices.For("toll-only"));
        Assert.Equal(new(2.5m, 10m, AudioInput: 40m, AudioOutput: 80m), prices.For("voice"));
        Assert.Equal(new(3m, 15m, LongInput: new(200_000, new(6m, 22.5m)), WebSearchFee: 0.01m), prices.For("claude-seeker"));
        Assert.Equal(["gift", "gpt-x-search-preview", "half"], skipped.Select(why => why.Split(':')[0]));
        Assert.Equal(
            ["claude-seeker", "claude-x", "gpt-x", "per-call", "toll-only", "voice"], prices.Entries.Select(entry => entry.Model).Distinct().Order());
        Assert.Equal(1_000_000m, LiteLlmPrices.Read(LiteLlm, "v", ["azure"], Day, "file").Prices.For("gpt-x")?.Input);
        Assert.Equal(prices.Entries, PriceListFormat.Read(PriceListFormat.Write(prices)).Entries);
    }

    [Fact]
    public void Genai_prices_file_becomes_names_patterns_and_the_prices_of_the_day()
    {
        var (prices, skipped) = GenaiPrices.Read(Genai, "v", [.. Both, "deepseek"], Day, "file");

        Assert.Equal(new(0.15m, 0.6m, 0.075m), prices.For("gpt-x"));
        Assert.Equal(0.15m, prices.For("gpt-x-2026-01-01")?.Input);
        Assert.Null(prices.For("gpt-x-a"));
        Assert.Equal(1m, GenaiPrices.Read(Genai, "v", Both, new(2026, 1, 1), "file").Prices.For("gpt-x")?.Input);
        Assert.Equal(new(3m, 15m, null, 3.75m, null, null, new(200_000, new(6m, 22.5m, null, 7.5m))), prices.For("eu.claude-x"));
        Assert.Equal(new(1m, 1m, RequestFee: 0.025m), prices.For("re-search-2"));
        Assert.Equal(
            new(0.6m, 2.4m, 0.3m, LongInput: new(128_000, new(0.6m, 2.4m, 0.3m, AudioInput: 12m, AudioOutput: 20m)), AudioInput: 10m,
                AudioOutput: 20m), prices.For("voice"));
        Assert.Equal(["drawing", "gift", "night"], skipped.Select(why => why.Split(':')[0]));
        Assert.Equal(new(2026, 10, 1), prices.Entries.First(entry => entry.Model == "gpt-x").Checked);
    }
}
