/* The live page begins here. */
import { startApp } from "./app.js";
import { LiveSource } from "./live.js";

startApp(new LiveSource());
