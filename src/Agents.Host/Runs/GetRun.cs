using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;
using Wolverine.Http.Runtime.MultiTenancy;
