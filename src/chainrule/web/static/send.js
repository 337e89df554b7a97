/* Commands to the training. */

/** Sends a command; what the source refuses is told in the notice line. */
export async function send(source, state, command) {
  try {
    const answer = await source.command(command);
    state.set({ refusal: "" });
    return answer;
  } catch (error) {
    state.set({ refusal: error.message });
    return null;
  }
}
