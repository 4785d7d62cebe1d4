import { z } from "zod";
import { image } from "./containers.ts";
import { gatewayShape } from "./dask-gateway.ts";
import { hubShape } from "./jupyterhub.ts";
import { chart, common, rotating } from "./release.ts";

/** Settings of a release of kind `daskhub`. */
export const daskhub = z
  .strictObject({
    kind: z.literal("daskhub"),
    ...common,
    ...rotating,
    ...gatewayShape,
    ...hubShape,
    distribution: z
      .enum(["charts", "umbrella"])
      .default("charts")
      .describe(
        "`charts`: the charts `jupyterhub` and `dask-gateway`. `umbrella`: the published chart `daskhub`, whose JupyterHub is of 2023.",
      ),
    image: image
      .default("quay.io/pangeo/pangeo-notebook:2025.11.13")
      .describe(
        "Image of notebooks, schedulers and workers alike; it must hold `jupyterhub` and `dask-gateway`.",
      ),
    gatewayChart: chart
      .default({})
      .describe("Another source of the chart `dask-gateway`; `chart` is that of `jupyterhub` or `daskhub`."),
    gatewayValues: z
      .record(z.string(), z.unknown())
      .default({})
      .describe("Values of the chart `dask-gateway`, merged last; `values` are those of the other chart."),
  })
  .describe("JupyterHub with Dask Gateway: people log in, start a notebook and ask for Dask clusters.");

/** Settings of a release of kind `daskhub`. */
export type DaskhubSettings = z.output<typeof daskhub>;
