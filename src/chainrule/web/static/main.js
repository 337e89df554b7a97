/* The live page begins here. */
import { startApp } from "./app.js";
import { LiveSource } from "./live.js";
import { quizButton } from "./quiz_button.js";
import { settingFields } from "./settings.js";

const runsTab = { name: "runs", title: "Runs", load: () => import("./tabs/runs.js") };

startApp(new LiveSource(), { settings: settingFields, tabs: [runsTab], tools: [quizButton] });
