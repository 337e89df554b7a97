/* The offline page begins here: the recording lies in the page itself. */
import { startApp } from "./app.js";
import { OfflineSource } from "./offline.js";
import { quizButton } from "./quiz_button.js";

const { messages, note } = JSON.parse(document.getElementById("recording").textContent);
startApp(new OfflineSource(messages, note), { tools: [quizButton] });
