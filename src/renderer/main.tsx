import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { bridgeFromWindow } from "./bridge.ts";
import { createMirror } from "./store/mirror.ts";

const root = document.getElementById("root");
if (root === null) throw new Error("The page has no root");
const bridge = bridgeFromWindow();
createRoot(root).render(<App host={{ bridge, mirror: createMirror(bridge) }} />);
