/* The live page begins here. */
import { startApp } from "./app.js";
import { LiveSource } from "./live.js";
import { quizButton } from "./quiz_button.js";
import { settingFields } from "./settings.js";

/** The tab of other trainings; its module is fetched when it is first opened. */
const runsTab = { name: "runs", title: "Runs", create(element, source, state) {
  const made = import("./tabs/runs.js").then((module) => module.runsTab.create(element, source, state), () => {
    element.textContent = "This part of the page could not be fetched: is the program still running?";
  });
  return { update: () => made.then((tab) => tab?.update()) };
} };

startApp(new LiveSource(), { settings: settingFields, tabs: [runsTab], tools: [quizButton] });
