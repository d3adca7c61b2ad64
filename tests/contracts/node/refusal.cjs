// What an SDK throws when it is refused.

async function refusal(deed) {
  try {
    await deed();
  } catch (error) {
    return { status: error.status, code: error.code, message: error.message };
  }
  return null;
}

module.exports = { refusal };
