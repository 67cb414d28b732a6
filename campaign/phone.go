package campaign

// Phone is a phone number in E.164 with its plus: "+5511987654321".
type Phone string
