return await Agents.Host.Cli.CommandLine.Run(args);

/// <summary>Where the process begins; public so that tests can start the host.</summary>
public partial class Program;
