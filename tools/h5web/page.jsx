// The page of h5web's viewer, opened on one file.
import "@h5web/app/dist/styles.css";
import { App } from "@h5web/app";
import { H5WasmBufferProvider } from "@h5web/h5wasm";
import { createRoot } from "react-dom/client";

const name = new URLSearchParams(location.search).get("file");
const buffer = await (await fetch(name)).arrayBuffer();
createRoot(document.getElementById("root")).render(
  <H5WasmBufferProvider filename={name.split("/").pop()} buffer={buffer}>
    <App />
  </H5WasmBufferProvider>,
);
